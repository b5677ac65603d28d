import { describe, expect, it } from 'vitest'
import { desiredTenant, type TenantFacts } from './desired'

const member = (name: string, isActive = true) => ({
  ...({
    userId: name,
    email: `${name}@example.org`,
    name,
    role: 'member',
    locale: null,
    mailbox: name,
  } as const),
  isActive,
})
const at = (minute: number) => new Date(Date.UTC(2026, 0, 1, 0, minute))
const facts = (given: Partial<TenantFacts> = {}): TenantFacts => ({
  ...({ id: '1', slug: 'acme', name: 'Acme', locale: 'de', status: 'active' } as const),
  ...({ purgeAsked: false, plan: 'mvp' } as const),
  ...{ domains: [], members: [], former: [] },
  ...given,
})

describe('what a tenant should have', () => {
  it.each([
    ['pending', false, 'active'],
    ['active', false, 'active'],
    ['suspended', false, 'closed'],
    ['archived', false, 'closed'],
    ['deleting', false, 'closed'],
    ['deleting', true, 'purged'],
    // Of a purge that was taken back before.
    ['active', true, 'active'],
    ['pending', true, 'active'],
  ] as const)('of a tenant that is %s (purge asked for: %s) is %s', (status, purgeAsked, state) => {
    expect(desiredTenant(facts({ status, purgeAsked })).state).toBe(state)
  })

  it('are nobody who is disabled, and everybody else in the order in which they came', () => {
    const { members } = desiredTenant(
      facts({ members: [member('zoe'), member('bob', false), member('ada'), member('eve', false)] }),
    )
    expect(members.map(({ name }) => name)).toEqual(['zoe', 'ada'])
    expect(members.every((one) => !('isActive' in one))).toBe(true)
  })

  it('are written to in their own language, else in that of the tenant', () => {
    const members = [member('ada'), { ...member('bob'), locale: 'en-GB' }, { ...member('eve'), locale: 'fr' }]
    const { members: desired } = desiredTenant(facts({ members }))
    expect(desired.map(({ locale }) => locale)).toEqual(['de', 'en', 'de'])
  })

  it.each<[string, [string, number][], string[]]>([
    ['none', [], []],
    [
      'that which was verified first, first',
      [
        ['b.example', 2],
        ['a.example', 3],
        ['c.example', 1],
      ],
      ['c.example', 'b.example', 'a.example'],
    ],
    [
      'those of one moment by name, however they are listed',
      [
        ['b.example', 1],
        ['a.example', 1],
      ],
      ['a.example', 'b.example'],
    ],
  ])('has of its domains %s', (_, domains, expected) => {
    const given = domains.map(([name, minute]) => ({ name, verifiedAt: at(minute) }))
    expect(desiredTenant(facts({ domains: given })).domains).toEqual(expected)
    expect(desiredTenant(facts({ domains: given.toReversed() })).domains).toEqual(expected)
  })

  it('grows with the plan, in bytes', () => {
    const [small, large] = (['mvp', 'pro'] as const).map((plan) => desiredTenant(facts({ plan })))
    expect(Number.isSafeInteger(small?.storageBytes)).toBe(true)
    expect(small?.storageBytes).toBeGreaterThanOrEqual(1024 ** 3)
    expect(large?.storageBytes).toBeGreaterThan(small?.storageBytes ?? 0)
    expect(large?.mailboxBytes).toBeGreaterThanOrEqual(small?.mailboxBytes ?? 0)
  })

  it('is the same for the same facts, which it leaves as they are', () => {
    const given = facts({
      members: [member('ada')],
      domains: [
        { name: 'b.example', verifiedAt: at(2) },
        { name: 'a.example', verifiedAt: at(1) },
      ],
    })
    const before = structuredClone(given)
    expect(desiredTenant(given)).toEqual(desiredTenant(structuredClone(given)))
    expect(given).toEqual(before)
  })
})
