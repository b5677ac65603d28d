import { describe, expect, it } from 'vitest'
import { driftBetween, findingOf, purposeOf, type Finding, type Findings } from './findings.policy'
import type { LookUp } from './resolver.port'

const name = 'acme.example'
const record = (type: string, value: string, at = name) => {
  const wanted = { type, name: at, value }
  return { ...wanted, purpose: purposeOf(wanted) }
}
const found = (...values: string[]): LookUp => ({ kind: 'found', values })
const mx = record('MX', '10 mail.host.example.')
const spf = record('TXT', 'v=spf1 mx -all')
const dkim = record('TXT', 'v=DKIM1; k=rsa; h=sha256; p=AAAB', `s1._domainkey.${name}`)
const dmarc = record('TXT', 'v=DMARC1; p=quarantine; rua=mailto:x@acme.example', `_dmarc.${name}`)
const srv = record('SRV', '0 1 993 mail.host.example.', `_imaps._tcp.${name}`)
const auto = record('CNAME', 'mail.host.example.', `autoconfig.${name}`)
const ownership = {
  ...record('TXT', 'tenantry-verification=abc', `_tenantry-challenge.${name}`),
  purpose: 'ownership' as const,
}

describe('what was found of a record', () => {
  it('knows what each is for', () => {
    expect([mx, spf, dkim, dmarc, srv, auto].map(({ purpose }) => purpose)).toEqual([
      ...['mx', 'spf', 'dkim', 'dmarc', 'clients', 'clients'],
    ])
  })

  it.each([
    ['ok', mx, ['10 mail.host.example']],
    ['ok', mx, ['5 MAIL.host.example.', '20 backup.example']],
    ['different', mx, ['20 mail.host.example', '10 other.example']],
    ['different', mx, ['0 other.example']],
    ['ok', spf, ['v=spf1 mx -all']],
    ['ok', spf, ['google-site-verification=1', 'V=SPF1 include:x.example MX ~all']],
    ['different', spf, ['v=spf1 include:x.example -all']],
    ['different', spf, ['v=spf1 mx -all', 'v=spf1 mx -all']],
    ['missing', spf, ['v=spf10 mx', 'hello']],
    ['ok', dkim, ['v=DKIM1;k=rsa;p=AA AB']],
    ['ok', dkim, ['p=AAAB; v=DKIM1']],
    ['different', dkim, ['v=DKIM1; k=ed25519; p=AAAB']],
    ['different', dkim, ['v=DKIM1; k=rsa; p=']],
    ['ok', dmarc, ['v=DMARC1; p=reject']],
    ['ok', dmarc, ['v=DMARC1; p=quarantine; rua=mailto:else@acme.example']],
    ['different', dmarc, ['v=DMARC1; p=none']],
    ['different', dmarc, ['v=DMARC1; p=reject', 'v=DMARC1; p=reject']],
    ['ok', srv, ['5 50 993 mail.host.example']],
    ['different', srv, ['0 1 143 mail.host.example']],
    ['ok', auto, ['mail.host.example']],
    ['different', auto, ['other.example']],
    ['ok', ownership, ['something else', 'tenantry-verification=abc']],
    ['different', ownership, ['tenantry-verification=ABC']],
    ['missing', ownership, ['unrelated']],
  ] as const)('%s: %o by %j', (status, wanted, values) => {
    expect(findingOf(wanted, found(...values), undefined).status).toBe(status)
  })

  it('is missing, or unknown, and never the one for the other', () => {
    expect(findingOf(mx, { kind: 'none' }, undefined).status).toBe('missing')
    expect(findingOf(mx, { kind: 'failed', reason: 'timeout' }, undefined).status).toBe('unknown')
  })

  it('keeps little of what strangers publish', () => {
    const values = Array.from({ length: 50 }, (_, index) => `v=spf1 ${index} ${'x'.repeat(5_000)}`)
    const { found: kept } = findingOf(spf, found(...values), undefined)
    expect(kept).toHaveLength(10)
    expect(Math.max(...kept.map((text) => text.length))).toBe(1_024)
  })
})

describe('drift', () => {
  const look = (before: Findings | null, lookUp: LookUp): Findings => ({
    at: '',
    mailRecords: 'listed',
    records: [findingOf(mx, lookUp, before?.records[0])],
  })
  const ok = found('10 mail.host.example')
  const gone: LookUp = { kind: 'none' }
  const silent: LookUp = { kind: 'failed', reason: 'timeout' }
  const steps = (...lookUps: LookUp[]) => {
    let before: Findings | null = null
    return lookUps.map((lookUp) => {
      const after = look(before, lookUp)
      const told = driftBetween(before, after)
      before = after
      return told.drifted.length > 0 ? 'drifted' : told.mended.length > 0 ? 'mended' : ''
    })
  }

  it('is told once for each change, and only of what was there before', () => {
    expect(steps(gone, gone)).toEqual(['', ''])
    expect(steps(gone, ok, gone, gone, ok, gone)).toEqual(['', '', 'drifted', '', 'mended', 'drifted'])
  })

  it('is not told of who could not be asked', () => {
    expect(steps(ok, silent, ok)).toEqual(['', '', ''])
    expect(steps(ok, silent, gone, silent, gone, silent, ok)).toEqual([
      ...['', '', 'drifted', '', '', '', 'mended'],
    ])
  })

  it('is not told where the mail server wants something else', () => {
    const before = look(null, ok)
    const other: Finding = findingOf(record('MX', '10 new.host.example.'), ok, undefined)
    expect(driftBetween(before, { ...before, records: [other] })).toEqual({ drifted: [], mended: [] })
  })
})
