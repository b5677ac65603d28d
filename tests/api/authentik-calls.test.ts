import { expect, it, vi } from 'vitest'
import { createAuthentik } from '#server/integrations/authentik/client'
import { startAuthentikFake, type AuthentikFake } from '#server/integrations/authentik/fake'
import { newId } from '#server/lib/ids'
import { person } from '../harness/authentik-members'
import { describeEachDatabase } from '../harness/databases'
import { startPortal } from '../harness/portal'
import { carryOut, desiredOf } from '../harness/provisioning'

const tenants = 20

const sum = (calls: ReturnType<AuthentikFake['calls']>) =>
  Object.values(calls).reduce((total, count) => total + count, 0)

describeEachDatabase('many tenants with one owner', (given) => {
  it('take eight calls each, two of them to change something', { timeout: 120_000 }, async () => {
    const fake = await startAuthentikFake()
    const env = { AUTHENTIK_API_URL: fake.url, AUTHENTIK_API_TOKEN: fake.token }
    const portal = await startPortal(given.url, { env })
    const { container } = portal
    const operator = await portal.operator()
    container.reconciler.start()
    for (let index = 0; index < tenants; index++)
      expect((await operator.post('/api/tenants', { slug: `acme-${index}`, name: 'Acme' })).status).toBe(201)
    await vi.waitFor(
      async () => {
        const steps = await container.database.client.provisioningStep.findMany({
          where: { service: 'authentik' },
        })
        expect(steps.filter(({ status }) => status !== 'ok')).toEqual([])
      },
      { timeout: 90_000, interval: 50 },
    )
    await portal.close()
    const calls = fake.calls()
    await fake.stop()
    expect(fake.groups().map(({ users }) => users)).toEqual(Array.from({ length: tenants }, () => [1]))
    // Those that are begun at once may all find that their owner has no account yet.
    expect(sum(calls)).toBeLessThanOrEqual(tenants * 9)
    expect(calls).toMatchObject({
      core_groups_create: tenants,
      core_groups_add_user_create: tenants - 1,
      core_users_partial_update: 0,
      core_groups_partial_update: 0,
    })
  })
})

it('new tenants take as many calls whether Authentik has few users or 10,000', async () => {
  const fake = await startAuthentikFake()
  for (let index = 0; index < 10_000; index++)
    fake.addUser({ username: `u${index}`, email: `u${index}@example.org` })
  const { planners } = createAuthentik({ apiUrl: fake.url, token: fake.token })
  const { signal } = new AbortController()
  const spent: number[] = []
  for (let index = 0; index < 3; index++) {
    const before = sum(fake.calls())
    const emails = [0, 1, 2, 3].map((member) => `u${index * 1000 + member}@example.org`)
    const members = emails.map((email) => person(email))
    const tenant = desiredOf({ id: newId(), slug: `acme-${index}`, members })
    for (const planner of planners) await carryOut(planner, tenant, signal)
    spent.push(sum(fake.calls()) - before)
  }
  await fake.stop()
  // Three for the group, three to look at who is in it, and for each
  // member two to find, two to stamp, one to put in.
  expect(spent).toEqual([27, 26, 26])
})
