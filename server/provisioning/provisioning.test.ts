import { describe, expect, it } from 'vitest'
import { Provisioning, ProvisioningRun, ProvisioningRunPage } from '#shared/contracts/provisioning'
import { IntegrationError } from '#server/lib/errors'
import { describeEachDatabase } from '../../tests/harness/databases'
import { createService, createWorkshop } from '../../tests/harness/provisioning'
import { getProvisioning, getRun, listRuns } from './provisioning'

const needs = {
  identities: ['authentik/group'],
  accounts: ['stalwart/domains'],
  spaceMembers: ['ocis/space', 'authentik/members'],
  onboarding: ['authentik/members', 'stalwart/accounts', 'ocis/members'],
}

describeEachDatabase('provisioning', (given) => {
  const shop = createWorkshop(given)

  it('shows every step of a new tenant as pending, in their order', async () => {
    const { slug } = await shop.createTenant()
    const shown = Provisioning.parse(await getProvisioning(await shop.scopeOf(slug)))
    const now = shop.clock.now().toISOString()
    const waiting = { status: 'pending', attempt: 0, updatedAt: now }
    const due = { ...waiting, nextAttemptAt: now }
    expect(shown).toEqual({
      status: 'pending',
      sequence: 7,
      steps: [
        { service: 'authentik', step: 'group', ...due },
        { service: 'authentik', step: 'members', ...waiting, needs: needs.identities },
        { service: 'stalwart', step: 'domains', ...due },
        { service: 'stalwart', step: 'accounts', ...waiting, needs: needs.accounts },
        { service: 'ocis', step: 'space', ...due },
        { service: 'ocis', step: 'members', ...waiting, needs: needs.spaceMembers },
        { service: 'mail', step: 'onboarding', ...waiting, needs: needs.onboarding },
      ],
    })
  })

  it('shows what became of each step, and leaves out what does not apply', async () => {
    const authentik = createService()
    const stalwart = createService('stalwart', 'domains')
    stalwart.fail(
      new IntegrationError({ service: 'stalwart', kind: 'timeout', message: 'Stalwart was silent' }),
    )
    const { id, slug } = await shop.createTenant()
    const worker = shop.start([authentik, stalwart])
    await shop.stepReached(id, 'stalwart', 'error')
    await worker.stop()

    const shown = Provisioning.parse(await getProvisioning(await shop.scopeOf(slug)))
    const updatedAt = shop.clock.now().toISOString()
    const nextAttemptAt = new Date(shop.clock.now().getTime() + 2_000).toISOString()
    const externalId = authentik.made.get(id)
    const skipped = { status: 'skipped', attempt: 0, reason: 'not configured', updatedAt }
    expect(shown.status).toBe('pending')
    expect(shown.steps).toEqual([
      { service: 'authentik', step: 'group', status: 'ok', attempt: 1, externalId, updatedAt },
      { service: 'authentik', step: 'members', ...skipped, needs: needs.identities },
      {
        service: 'stalwart',
        step: 'domains',
        status: 'error',
        attempt: 1,
        error: 'Stalwart was silent',
        nextAttemptAt,
        updatedAt,
      },
      // It waits for the domains.
      {
        service: 'stalwart',
        step: 'accounts',
        status: 'pending',
        attempt: 0,
        updatedAt,
        needs: needs.accounts,
      },
      { service: 'ocis', step: 'space', ...skipped },
      { service: 'ocis', step: 'members', ...skipped, needs: needs.spaceMembers },
      {
        service: 'mail',
        step: 'onboarding',
        status: 'pending',
        attempt: 0,
        updatedAt,
        needs: needs.onboarding,
      },
    ])
  })

  it('does not promise another attempt while one is running', async () => {
    const authentik = createService()
    authentik.next(() => new Promise(() => {}))
    const { id, slug } = await shop.createTenant()
    shop.start([authentik])
    await shop.stepReached(id, 'authentik', 'running')
    const { steps } = await getProvisioning(await shop.scopeOf(slug))
    expect(steps[0]).toEqual({
      service: 'authentik',
      step: 'group',
      status: 'running',
      attempt: 1,
      updatedAt: shop.clock.now(),
    })
  })

  describe('a reconcile', () => {
    it('asks for every step again, opens a run, and is on record', async () => {
      const { id, slug } = await shop.createTenant()
      const worker = shop.start([createService()])
      await shop.reached(id, 'active')
      await worker.stop()
      shop.clock.advance(1_000)

      const scope = await shop.scopeOf(slug)
      const { runId } = await shop.reconcile(scope)

      const { steps, status, sequence } = await getProvisioning(scope)
      expect(status).toBe('active')
      expect(new Set(steps.map((step) => step.status))).toEqual(new Set(['pending']))
      expect(steps[0]?.externalId).toBeDefined()
      expect(sequence).toBe((await shop.state(id)).sequence)
      expect(ProvisioningRun.parse(await getRun(scope, runId))).toEqual({
        id: runId,
        cause: 'requested',
        askedBy: { kind: 'user', id: 'nobody', name: 'deleted user' },
        status: 'running',
        startedAt: shop.clock.now().toISOString(),
        endedAt: null,
      })
      const [entry] = (await scope.stores.audit.list({ limit: 1 })).items
      expect(entry).toMatchObject({
        action: 'tenant.reconcile_requested',
        actor: { kind: 'user', id: 'nobody' },
        subject: { kind: 'tenant', id },
        after: { runId },
        requestId: 'test',
      })
    })
  })

  describe('runs', () => {
    it('are listed page by page, the newest first', async () => {
      const { slug } = await shop.createTenant()
      const scope = await shop.scopeOf(slug)
      const asked = []
      for (let count = 0; count < 3; count++) asked.push((await shop.reconcile(scope)).runId)

      const first = ProvisioningRunPage.parse(await listRuns(scope, { limit: 3 }))
      expect(first.items.map(({ id }) => id)).toEqual(asked.reverse())
      const last = await listRuns(scope, { limit: 3, cursor: first.nextCursor ?? undefined })
      expect(last.items.map(({ cause }) => cause)).toEqual(['created'])
      expect(last.nextCursor).toBeNull()
    })

    it('say who asked: a person by the name that they have now, and Tenantry for the rest', async () => {
      const { id, slug } = await shop.createTenant()
      const [ada = ''] = await shop.addPeople(id, ['ada'])
      const asUser = await shop
        .scopes()
        .tenant({ userId: ada, platformRole: 'operator', session: null }, slug, 'test')
      if (!asUser) throw new Error('There is no tenant')
      await shop.reconcile(asUser)
      await given.database.client.user.update({ where: { id: ada }, data: { name: 'Ada Lovelace' } })
      const scope = await shop.scopeOf(slug)
      const askers = async () => (await listRuns(scope, { limit: 9 })).items.map(({ askedBy }) => askedBy)
      const system = { kind: 'system', id: null, name: 'Tenantry' }
      expect(await askers()).toEqual([{ kind: 'user', id: ada, name: 'Ada Lovelace' }, system])

      // As it was before who asked was written down.
      await given.database.client.provisioningRun.updateMany({ data: { askedByKind: null, askedById: null } })
      expect(await askers()).toEqual([null, null])
    })

    it('of another tenant are not found', async () => {
      const [one, other] = [await shop.createTenant(), await shop.createTenant()]
      const { runId } = await shop.reconcile(await shop.scopeOf(one.slug))
      const scope = await shop.scopeOf(other.slug)
      await expect(getRun(scope, runId)).rejects.toMatchObject({ code: 'run.not_found', status: 404 })
      expect((await listRuns(scope, { limit: 50 })).items.map(({ cause }) => cause)).toEqual(['created'])
    })
  })

  it('puts it on record when a tenant becomes active, in the name of Tenantry', async () => {
    const { id, slug } = await shop.createTenant()
    shop.start([])
    await shop.reached(id, 'active')
    const scope = await shop.scopeOf(slug)
    const entry = (await scope.stores.audit.list({ limit: 10 })).items.find(
      ({ action }) => action === 'tenant.activated',
    )
    expect(entry).toMatchObject({
      actor: { kind: 'system', name: 'Tenantry' },
      subject: { kind: 'tenant', id },
      before: { status: 'pending' },
      after: { status: 'active' },
    })
    expect((await scope.stores.tenant.get()).version).toBe(2)
  })
})
