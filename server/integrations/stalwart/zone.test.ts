import { describe, expect, it } from 'vitest'
import { RecordError } from './records'
import { parseZone, signingKeysOf } from './zone'

const long = 'x'.repeat(300)
const rsa = `v=DKIM1; k=rsa; h=sha256; p=${'A'.repeat(392)}`
const chunked = (text: string) =>
  `(\n${(text.match(/.{1,255}/g) ?? []).map((chunk) => `    "${chunk}"\n`).join('')})`

describe('parseZone reads', () => {
  it.each([
    ['A', 'mail.acme.example. IN A 192.0.2.1', 'mail.acme.example', '192.0.2.1'],
    ['AAAA', 'mail.acme.example. IN AAAA 2001:db8::1', 'mail.acme.example', '2001:db8::1'],
    ['MX', 'acme.example. IN MX 10 mx.mail.example.', 'acme.example', '10 mx.mail.example.'],
    [
      'CNAME',
      'autoconfig.acme.example. IN CNAME mx.mail.example.',
      'autoconfig.acme.example',
      'mx.mail.example.',
    ],
    ['NS', 'acme.example. IN NS ns.mail.example.', 'acme.example', 'ns.mail.example.'],
    [
      'SRV',
      '_imaps._tcp.acme.example. IN SRV 0 1 993 mx.mail.example.',
      '_imaps._tcp.acme.example',
      '0 1 993 mx.mail.example.',
    ],
    ['TLSA', '_25._tcp.mx.acme.example. IN TLSA 3 1 1 0a1b', '_25._tcp.mx.acme.example', '3 1 1 0a1b'],
    [
      'CAA',
      'acme.example. IN CAA 0 issue "ca.example;accounturi=https://ca.example/1"',
      'acme.example',
      '0 issue "ca.example;accounturi=https://ca.example/1"',
    ],
    ['TXT', 'acme.example. IN TXT "v=spf1 mx -all"', 'acme.example', 'v=spf1 mx -all'],
    ['TXT', 'ACME.Example. IN TXT "a \\"b\\" \\\\ c"', 'acme.example', 'a "b" \\ c'],
    ['TXT', '*.acme.example. IN TXT "wild"', '*.acme.example', 'wild'],
  ])('%s', (type, line, name, value) => {
    expect(parseZone(`${line}\n`)).toEqual([{ type, name, value }])
    expect(parseZone(line)).toEqual([{ type, name, value }])
  })

  it('a long text over lines, joined', () => {
    const zone = `a._domainkey.acme.example. IN TXT ${chunked(rsa)}\nacme.example. IN MX 10 mx.example.\n`
    expect(parseZone(zone)).toEqual([
      { type: 'TXT', name: 'a._domainkey.acme.example', value: rsa },
      { type: 'MX', name: 'acme.example', value: '10 mx.example.' },
    ])
  })

  it('nothing, and empty lines', () => {
    expect(parseZone('')).toEqual([])
    expect(parseZone('\n\nacme.example. IN MX 10 mx.example.\n\n')).toHaveLength(1)
  })
})

describe('parseZone refuses', () => {
  it.each([
    ['what is no record', 'hello'],
    ['a comment', '; acme.example. IN MX 10 mx.example.'],
    ['a directive', '$INCLUDE /etc/passwd'],
    ['a class that is not IN', 'acme.example. CH TXT "x"'],
    ['a time to live', 'acme.example. 300 IN TXT "x"'],
    ['a type that is not known', 'acme.example. IN HINFO x y'],
    ['a type out of a prototype', 'acme.example. IN constructor x'],
    ['a name without a dot at its end', 'acme.example IN TXT "x"'],
    ['a name with markup', '<b>.example. IN TXT "x"'],
    ['a name that is too long', `${'a.'.repeat(200)} IN TXT "x"`],
    ['a label that is too long', `${'a'.repeat(64)}.example. IN TXT "x"`],
    ['an empty label', 'acme..example. IN TXT "x"'],
    ['a tab', 'acme.example.\tIN\tTXT\t"x"'],
    ['a line of Windows', 'acme.example. IN TXT "x"\r'],
    ['a control character', 'acme.example. IN TXT "x\u0007"'],
    ['another script', 'acme.example. IN TXT "x\u202e"'],
    ['a text without quotes', 'acme.example. IN TXT x'],
    ['a text that does not end', 'acme.example. IN TXT "x'],
    ['an unescaped quote', 'acme.example. IN TXT "x"y"'],
    ['another escape', 'acme.example. IN TXT "\\120"'],
    ['an empty text', 'acme.example. IN TXT ""'],
    ['brackets that do not end', 'acme.example. IN TXT (\n    "x"\n'],
    ['brackets that do not end before the next record', 'acme.example. IN TXT (\nb.example. IN TXT "x"\n)'],
    ['an address that is none', 'acme.example. IN A 192.0.2.256'],
    ['a preference beyond 65535', 'acme.example. IN MX 65536 mx.example.'],
    ['more after a target', 'acme.example. IN MX 10 mx.example. x'],
    ['a target that is none', 'acme.example. IN CNAME mx..example.'],
    ['half a byte', '_25._tcp.acme.example. IN TLSA 3 1 1 0a1'],
    ['an unquoted CAA', 'acme.example. IN CAA 0 issue ca.example'],
    ['a quote in a CAA', 'acme.example. IN CAA 0 issue "a"b"'],
  ])('%s', (_what, zone) => {
    expect(() => parseZone(`ok.example. IN MX 1 mx.example.\n${zone}`)).toThrow(RecordError)
  })

  it('naming the line, and repeating nothing of it', () => {
    const parse = () => parseZone('a.example. IN MX 1 mx.example.\nsecret stuff here')
    expect(parse).toThrow('a zone that has something that is no record, in line 2')
  })

  it.each([
    ['a zone that is too large', `a.example. IN TXT "${'x'.repeat(600_000)}"`],
    ['a zone of too many records', 'a.example. IN MX 1 mx.example.\n'.repeat(1_001)],
    ['a text that is too long', `a.example. IN TXT (\n${`    "${long}"\n`.repeat(230)})`],
  ])('%s', (_what, zone) => {
    expect(() => parseZone(zone)).toThrow(RecordError)
  })

  it.each([
    ['quotes and backslashes', `a.example. IN TXT "${'\\"'.repeat(120_000)}`],
    ['labels', `${'a-'.repeat(250_000)} IN TXT "x"`],
    ['blanks', `a.example. IN TXT ${' '.repeat(500_000)}x`],
    ['lines', '\n'.repeat(500_000) + 'x'],
  ])('endless %s in no time', (_what, zone) => {
    const start = performance.now()
    expect(() => parseZone(zone)).toThrow(RecordError)
    expect(performance.now() - start).toBeLessThan(1_000)
  })
})

describe('signingKeysOf', () => {
  const ed25519 = 'b._domainkey.acme.example. IN TXT "v=DKIM1; k=ed25519; h=sha256; p=AAAA"'
  it.each([
    ['none', 'acme.example. IN TXT "v=DKIM1; k=rsa; p=AAAA"', []],
    ['one', ed25519, ['ed25519']],
    ['both', `${ed25519}\na._domainkey.acme.example. IN TXT ${chunked(rsa)}\n`, ['ed25519', 'rsa']],
    ['one without its tag', 'a._domainkey.acme.example. IN TXT "v=DKIM1; p=AAAA"', ['rsa']],
    ['none that was taken back', 'a._domainkey.acme.example. IN TXT "v=DKIM1; k=rsa; p="', []],
    ['none of another kind', 'a._domainkey.acme.example. IN TXT "v=DKIM1; k=dsa; p=AAAA"', []],
    ['what is among junk', `junk ( "\n\u0007\n${ed25519}\n<html>`, ['ed25519']],
  ])('finds %s', (_what, zone, keys) => {
    expect([...signingKeysOf(zone)].sort()).toEqual(keys)
  })
})
