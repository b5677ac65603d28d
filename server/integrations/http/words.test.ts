import { describe, expect, it } from 'vitest'
import { oneLine, plainWords } from './words'

const secret = 'p"ss wörd/&'

describe('words of a service', () => {
  it('are one line without markup and control characters, and not endless', () => {
    expect(plainWords('  No:\n\t<b onclick="x">never</b>\u0000\u202e \u200b', [])).toBe('No: never')
    expect(plainWords('no '.repeat(1000), [])).toHaveLength(301)
    expect(oneLine('😀😀', 1).isWellFormed()).toBe(true)
  })

  it.each([
    ['as they are', secret],
    ['in a URL', encodeURIComponent(secret)],
    ['in JSON', JSON.stringify(secret)],
    ['with markup between', 'p"ss<i></i>wörd/&'],
    ['over two lines', 'p"ss\nwörd/&'],
  ])('repeat no secret of ours %s', (_, words) => {
    const said = plainWords(`it was ${words}!`, [secret])
    expect(said).toMatch(/^it was "?\[redacted\]"?!$/)
  })

  it('strikes out the longer secret first, which holds the other', () => {
    expect(plainWords('us:secret and secret', ['secret', 'us:secret', ''])).toBe('[redacted] and [redacted]')
  })

  const jwt = 'eyJhbGciOiJSUzI1NiJ9.eyJzdWIiOiI0MiIsIm5hbWUiOiJBZGEifQ.c2lnbmF0dXJl'
  it.each([
    [
      'a link that lets somebody in',
      'use https://id.example/if/flow/recovery/?flow_token=Abc1',
      'use https://id.example/…',
    ],
    ['a link with a password', 'at HTTPS://us:pw@id.example:9443/x', 'at HTTPS://id.example:9443/…'],
    ['a header', 'sent Authorization: Basic dXM6cHc=', 'sent Authorization: Basic [redacted]'],
    ['a token', `got ${jwt}`, 'got [redacted]'],
    ['a key', 'key FJ3kd9fkSLdk4kfj4Kdlf03kfkSLDkfj3k is bad', 'key [redacted] is bad'],
    [
      'a private key',
      'is -----BEGIN PRIVATE KEY-----\nMIIB\n-----END PRIVATE KEY----- ok',
      'is [redacted] ok',
    ],
    ['a private key that was cut', 'is -----BEGIN RSA PRIVATE KEY-----\\nMIIB', 'is [redacted]'],
  ])('repeat nobody’s: %s', (_, words, plain) => {
    expect(plainWords(words, [])).toBe(plain)
  })

  it('leave ids, addresses and origins, by which things are found', () => {
    const words =
      'tenantry-0192f5a0-7c3e-7e57-8a4b-1f0e2d3c4b5a of ada@acme.example at https://id.example: ' +
      'https://id.example, 0f343b0922126279ddf9ba2e1c8c9adbfeed0f343b0922126279ddf9ba2e1c8c'
    expect(plainWords(words, [])).toBe(words)
  })
})
