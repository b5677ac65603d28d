import { afterAll, beforeAll, beforeEach, expect } from 'vitest'
import { settleLeases } from '#server/domain/vaults/vaults'
import { startAuthentikFake, type AuthentikFake } from '#server/integrations/authentik/fake'
import type { DatabaseUnderTest } from './databases'
import { claimInDatabase, TestMachine } from './machine'
import { startPortal, TestClock, type Portal } from './portal'
import { silent } from './provisioning'

/** What suites on tokens that are minted at Authentik work with: a portal whose clock they move, and the service. */
export function createMintedLeaseScenes(given: DatabaseUnderTest) {
  const clock = new TestClock()
  let portal: Portal
  let fake: AuthentikFake
  let count = 0
  const db = () => given.database.client
  const fresh = (word: string) => `${word}-${(count += 1)}`

  beforeAll(async () => {
    fake = await startAuthentikFake()
    portal = await startPortal(given.url, {
      clock,
      env: {
        AUTHENTIK_API_URL: fake.url,
        AUTHENTIK_API_TOKEN: fake.token,
        AUTHENTIK_PUBLIC_URL: 'https://id.example.org',
      },
    })
    await portal.operator()
  })
  beforeEach(async () => {
    fake.reset()
    await db().secretLease.deleteMany()
  })
  afterAll(async () => {
    await portal?.close()
    await fake?.stop()
    expect(fake?.violations()).toEqual([])
  })

  /** A tenant with its group at Authentik, and a machine that may have leases. */
  async function scene() {
    const slug = fresh('acme')
    // Of their own in each: the clock goes beyond sessions.
    const boss = await portal.signedIn({ email: `${fresh('boss')}@example.org`, operator: true })
    const { id: tenantId } = (await boss.post('/api/tenants', { slug, name: slug })).json as { id: string }
    const group = fake.addGroup({ name: slug, attributes: { tenantId, slug } })
    const machine = new TestMachine(fresh('machine'), 'http://localhost:3000', clock.now)
    const { vaultId, identityId } = await claimInDatabase(db(), machine, { slug, scopes: ['secrets:lease'] })
    const { url } = portal.browser()
    const leases = `/api/vaults/${vaultId}/leases`
    const call = (method: string, path: string, body?: unknown) => machine.call(url, method, path, body)
    const ask = (changes: object = {}) => call('POST', leases, { ...wanted, ...changes })
    const audit = (action: string) =>
      db().auditEntry.findMany({ where: { tenantId, action }, orderBy: { id: 'asc' } })
    return { slug, tenantId, boss, group, machine, identityId, vaultId, url, leases, call, ask, audit }
  }

  return {
    clock,
    db,
    scene,
    /** Authentik, forgetful between tests. */
    fake: () => fake,
    /** Takes back what is over. @returns how many were settled */
    settle: () =>
      settleLeases(portal.container.scopes.platform('test'), {
        places: portal.container.mintPlaces,
        log: silent,
      }),
    /** So many seconds from now, as the API says it. */
    inSeconds: (seconds: number) => new Date(clock.now().getTime() + seconds * 1000).toISOString(),
  }
}

/** A token of ten minutes. */
export const wanted = {
  ...{ kind: 'minted', service: 'authentik', ttlSeconds: 600, purpose: 'nightly backup' },
} as const
