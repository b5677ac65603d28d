import { afterAll, beforeAll, expect, it } from 'vitest'
import { CommandLine } from '~~/tests/harness/command-line'
import { describeEachDatabase } from '~~/tests/harness/databases'
import type { HttpClient } from '~~/tests/harness/http'
import { startPortal, type Portal } from '~~/tests/harness/portal'

const everything = ['secrets:list', 'secrets:read', 'secrets:write', 'secrets:lease']

describeEachDatabase('tenantry with an API token', (given) => {
  let portal: Portal
  let operator: HttpClient
  const lines: CommandLine[] = []
  beforeAll(async () => {
    portal = await startPortal(given.url)
    operator = await portal.operator()
    await operator.post('/api/tenants', { slug: 'acme', name: 'Acme' })
  })
  afterAll(async () => {
    for (const line of lines) line.remove()
    await portal.close()
  })

  /** A command line that calls by a new token. */
  async function script(scopes = everything) {
    const wanted = { name: 'Nightly', role: 'admin', expiresInDays: 30, scopes }
    const { status, json } = await operator.post('/api/tenants/acme/api-tokens', wanted)
    expect([status, json.code]).toEqual([201, undefined])
    const line = new CommandLine({ TENANTRY_API_TOKEN: json.token, TENANTRY_SERVER: operator.url })
    lines.push(line)
    return { line, id: json.id as string, token: json.token as string }
  }

  it('says whose it is and what it reaches', async () => {
    const { line } = await script(['secrets:read'])
    const { code, text } = await line.run(['whoami'])
    expect(code).toBe(0)
    for (const words of ['token    Nightly', 'acme (Acme)', 'secrets:read', 'default (default)'])
      expect(text).toContain(words)
    expect((await line.run(['whoami', '--json'])).json).toMatchObject({
      identity: null,
      token: { name: 'Nightly' },
      tenant: { slug: 'acme' },
    })
  })

  it('writes, lists, reads, lends and deletes secrets', async () => {
    const { line } = await script()
    expect(await line.run(['vault', 'put', 'smtp/password'], { input: 'by token' })).toMatchObject({
      code: 0,
    })
    expect((await line.run(['vault', 'list', '--json'])).json.items).toMatchObject([{ service: 'smtp' }])
    expect(await line.run(['vault', 'get', 'smtp/password'])).toMatchObject({ code: 0, text: 'by token' })
    const asked = await line.run(['lease', 'ask', 'smtp/password', '--purpose', 'a test'])
    expect(asked).toMatchObject({ code: 0, errors: '' })
    expect((await line.run(['lease', 'get', asked.text.trim()])).text).toBe('by token')
    expect((await line.run(['vault', 'delete', 'smtp/password', '--yes'])).code).toBe(0)
  })

  it('ends with 3 where it may not, and tells nothing of the token', async () => {
    const { line, token } = await script(['secrets:read'])
    const put = await line.run(['vault', 'put', 'smtp/password'], { input: 'x' })
    expect(put).toMatchObject({ code: 3, text: '' })
    expect(put.errors).toContain('(access.denied)')
    expect(put.errors).not.toContain(token)
  })

  it('ends with 3 once it is revoked, and says so', async () => {
    const { line, id } = await script()
    expect((await operator.delete(`/api/tenants/acme/api-tokens/${id}`)).status).toBe(204)
    for (const argv of [['whoami'], ['vault', 'get', 'smtp/password'], ['vault', 'list']])
      expect(await line.run(argv)).toMatchObject({
        code: 3,
        text: '',
        errors: expect.stringContaining('(token.revoked)'),
      })
  })

  it('ends with 3 where it is none', async () => {
    const { line, token } = await script()
    line.env.TENANTRY_API_TOKEN = `${token.slice(0, -1)}${token.endsWith('a') ? 'b' : 'a'}`
    const { code, errors } = await line.run(['whoami', '--json'])
    expect({ code, ...JSON.parse(errors) }).toMatchObject({ code: 3, error: { code: 'token.unknown' } })
  })

  it('is no identity, which alone is rotated and given up', async () => {
    const { line } = await script()
    for (const argv of [
      ['identity', 'rotate'],
      ['identity', 'revoke', '--yes'],
    ])
      expect(await line.run(argv)).toMatchObject({ code: 3, errors: expect.stringContaining('no identity') })
    expect((await line.run(['whoami'])).code).toBe(0)
  })

  it('wants to be told which portal it is for', async () => {
    const { line } = await script()
    delete line.env.TENANTRY_SERVER
    expect(await line.run(['whoami'])).toMatchObject({
      code: 2,
      errors: expect.stringContaining('TENANTRY_SERVER'),
    })
  })
})
