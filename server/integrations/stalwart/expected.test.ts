import { afterEach, beforeEach, describe, expect, it } from 'vitest'
import { createStalwartPlanners } from './client'
import { startStalwartFake, type StalwartFake } from './fake'
import { applyAll, bringAbout, known, newTenant, summary } from './fake-tenants'

const signal = new AbortController().signal
let fake: StalwartFake
afterEach(async () => {
  await fake.stop()
  expect(fake.violations()).toEqual([])
})

describe.each(['jmap', 'rest'] as const)(
  'mailboxes on domains that are not there yet, over %s',
  (dialect) => {
    beforeEach(async () => {
      fake = await startStalwartFake({ dialect, keysAfter: 1 })
    })
    const steps = () => createStalwartPlanners({ apiUrl: fake.url, token: fake.token })
    const planner = (step: string) => steps().find((one) => one.step === step) ?? expect.fail(step)
    const plan = (step: string, tenant = newTenant()) => planner(step).plan(tenant, known, signal)

    it('are planned, as they are planned once the domains are there, and can be made then', async () => {
      const tenant = newTenant({ domains: ['acme.example', 'acme.test'] })
      const early = await plan('accounts', tenant)
      expect(summary(early)).toEqual(['create account ada@acme.example', 'create account bob@acme.example'])
      await expect(applyAll(early, signal)).rejects.toMatchObject({ kind: 'unavailable', retryable: true })
      expect(fake.accounts()).toEqual([])

      await applyAll(await plan('domains', tenant), signal)
      expect(summary(await plan('accounts', tenant))).toEqual(summary(early))
      await applyAll(early, signal)
      expect(fake.accounts().map(({ email, aliases }) => [email, aliases])).toEqual([
        ['ada@acme.example', ['ada@acme.test']],
        ['bob@acme.example', ['bob@acme.test']],
      ])
      expect((await plan('accounts', tenant)).changes).toEqual([])
    })

    it('are moved to a domain that comes first', async () => {
      const before = newTenant()
      await bringAbout(steps(), before, signal)
      const tenant = { ...before, domains: ['first.example', 'acme.example'] }
      const early = await plan('accounts', tenant)
      await applyAll(await plan('domains', tenant), signal)
      expect((await plan('accounts', tenant)).changes.map(({ fields }) => fields)).toEqual(
        early.changes.map(({ fields }) => fields),
      )
      await applyAll(early, signal)
      expect((await plan('accounts', tenant)).changes).toEqual([])
      expect(fake.accounts()[0]).toMatchObject({ email: 'ada@first.example', aliases: ['ada@acme.example'] })
    })

    it('are not planned on a domain that is somebody else’s, nor for a tenant that is closed', async () => {
      fake.addDomain({ name: 'acme.example', description: 'Hands off' })
      expect((await plan('accounts')).changes).toEqual([])
      expect(
        (await plan('accounts', newTenant({ state: 'closed', domains: ['a.example'] }))).changes,
      ).toEqual([])
    })
  },
)
