import { afterEach, beforeEach, describe, expect, it } from 'vitest'
import { createStalwartPlanners } from './client'
import { startStalwartFake, type StalwartFake } from './fake'
import { bringAbout as bringAboutBy, member, newTenant, type Tenant } from './fake-tenants'

type Fetch = typeof globalThis.fetch

let fake: StalwartFake
afterEach(async () => {
  await fake.stop()
  expect(fake.violations()).toEqual([])
})

/** As a worker that is killed leaves it: the nth call was answered, and nobody heard. */
function cutAfter(nth: number): Fetch {
  let count = 0
  return async (input, init) => {
    count += 1
    const response = await globalThis.fetch(input, init)
    if (count !== nth) return response
    await response.arrayBuffer()
    throw new TypeError('cut')
  }
}

const bringAbout = (tenant: Tenant, fetch = globalThis.fetch) =>
  bringAboutBy(
    createStalwartPlanners({ apiUrl: fake.url, token: fake.token, fetch }),
    tenant,
    new AbortController().signal,
  )

const state = () => ({
  domains: fake.domains().map(({ id: _, ...domain }) => domain),
  accounts: fake.accounts().map(({ id: _, ...account }) => account),
})

describe.each(['jmap', 'rest'] as const)('cut off after every call, over %s', (dialect) => {
  beforeEach(async () => {
    fake = await startStalwartFake({ dialect, keysAfter: 1 })
  })

  const ada = member('ada', 'Ada')
  const members = [ada, member('bob', 'Bob')]
  const tenant = newTenant({ members, domains: ['acme.example', 'acme.test'] })
  it.each<[string, Tenant | undefined, Tenant]>([
    ['a tenant comes', undefined, tenant],
    ['a domain goes', tenant, { ...tenant, domains: ['acme.example'] }],
    ['mailboxes move', tenant, { ...tenant, domains: ['acme.test', 'acme.example'] }],
    ['members change', tenant, { ...tenant, members: [{ ...ada, name: 'Ada King' }, member('cyd', 'Cyd')] }],
    ['a tenant closes', tenant, { ...tenant, state: 'closed' }],
    ['a tenant opens', { ...tenant, state: 'closed' }, tenant],
    ['a tenant is purged', tenant, { ...tenant, state: 'purged' }],
  ])('while %s, it is healed by the next plan', async (_what, before, after) => {
    const begin = async () => {
      fake.reset()
      if (before) await bringAbout({ ...before, state: 'active' })
      if (before?.state === 'closed') await bringAbout(before)
    }
    await begin()
    await bringAbout(after)
    const wanted = state()
    for (let nth = 1, isCut = true; isCut; nth++) {
      await begin()
      isCut = await bringAbout(after, cutAfter(nth)).then(
        () => false,
        (error: unknown) => {
          expect(error).toMatchObject({ kind: 'unreachable', retryable: true })
          return true
        },
      )
      await bringAbout(after)
      expect(state()).toEqual(wanted)
      expect(await bringAbout(after)).toEqual([])
    }
  })
})
