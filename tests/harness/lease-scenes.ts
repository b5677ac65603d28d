import { afterAll, beforeAll, expect } from 'vitest'
import type { MachineScope } from '#shared/contracts/machines'
import { claimInDatabase, TestMachine } from './machine'
import type { DatabaseUnderTest } from './databases'
import { startPortal, TestClock, type Portal } from './portal'

/** What suites on leases of secrets work with: a portal whose clock they move, and tenants in it. */
export function createLeaseScenes(given: DatabaseUnderTest) {
  const clock = new TestClock()
  let portal: Portal
  let count = 0
  const db = () => given.database.client
  const fresh = (word: string) => `${word}-${(count += 1)}`

  beforeAll(async () => {
    portal = await startPortal(given.url, { clock })
    await portal.operator()
  })
  afterAll(() => portal.close())

  /** A tenant with a secret, and a machine that may have it lent and nothing else. */
  async function scene() {
    const slug = fresh('acme')
    // Of their own in each: the clock goes beyond sessions.
    const boss = await portal.signedIn({ email: `${fresh('boss')}@example.org`, operator: true })
    await boss.post('/api/tenants', { slug, name: slug })
    const person = async (role: string) => {
      const email = `${fresh(role)}@example.org`
      const browser = await portal.signedIn({ email })
      await boss.post(`/api/tenants/${slug}/members`, { email, role })
      return { browser, userId: (await browser.get('/api/auth/session')).json.user.id as string }
    }
    const [owner, member] = [await person('owner'), await person('member')]
    const { id: tenantId } = await db().tenant.findUniqueOrThrow({ where: { slug } })
    const [vault] = (await owner.browser.get(`/api/tenants/${slug}/vaults`)).json.items
    await owner.browser.put(`/api/vaults/${vault.id}/entries/mail/password`, { value: 'sesame' })
    const machine = async (scopes: MachineScope[] = ['secrets:lease'], userId?: string) => {
      const made = new TestMachine(fresh('machine'), 'http://localhost:3000', clock.now)
      const ids = await claimInDatabase(db(), made, { slug, scopes, ...(userId !== undefined && { userId }) })
      const { url } = portal.browser()
      const call = (method: string, path: string, body?: unknown) => made.call(url, method, path, body)
      return { ...ids, handle: made.handle, call }
    }
    type Made = Awaited<ReturnType<typeof machine>>
    const leases = `/api/vaults/${vault.id}/leases`
    const ask = (by: Made, changes: Record<string, unknown> = {}) =>
      by.call('POST', leases, {
        ...{ kind: 'secret', service: 'mail', name: 'password', ttlSeconds: 600, purpose: 'nightly backup' },
        ...changes,
      })
    const lent = async (by: Made, changes?: Record<string, unknown>) => {
      const { status, json } = await ask(by, changes)
      expect(status).toBe(201)
      return { id: json.id as string, at: `/api/leases/${json.id}`, value: `/api/leases/${json.id}/value` }
    }
    const audit = (action: string) =>
      db().auditEntry.findMany({ where: { tenantId, action }, orderBy: { id: 'asc' } })
    return { slug, tenantId, boss, owner, member, vault, leases, machine, ask, lent, audit }
  }

  return { clock, db, fresh, scene, portal: () => portal }
}

/** What codeOf tells of a lease that is over. */
export const over = [403, 'lease.over']
