import { describe, expect, it } from 'vitest'
import { auditStore } from '#server/domain/audit/audit.store'
import { describeEachDatabase } from '../../tests/harness/databases'
import { createWorkshop } from '../../tests/harness/provisioning'
import type { StepState } from './advance'
import { approvalOf, concludeRuns, openRetry, type AuditOf } from './runs.store'
import { tenantSteps } from './steps'
import { auditKey } from '../../tests/harness/audit'

type Status = StepState['status'] | 'due' | 'held'

describe('what was approved', () => {
  it.each([
    [false, false, true],
    [false, true, true],
    [true, false, false],
    [true, true, true],
  ])('allows deletions: approval needed %s, agreed %s: %s', (needed, deletesAgreed, mayDelete) => {
    expect(approvalOf({ deletesAgreed }, needed)).toEqual({ mayDelete, digests: undefined })
  })

  it('is nothing where what is on record is no plan', () => {
    expect(() => approvalOf({ deletesAgreed: true, approved: ['x'] }, false)).toThrow()
  })
})

describeEachDatabase('the runs of a tenant', (given) => {
  const shop = createWorkshop(given)
  const auditOf: AuditOf = (tx, { tenantId, requestId }) =>
    auditStore(tx, { clock: shop.clock, auditKey, actor: { kind: 'system' }, requestId, tenantId })

  /** All steps ok, but for the last. */
  function stepsWith(last: Status): StepState[] {
    const stateOf = (status: Status) => ({
      status: status === 'due' || status === 'held' ? ('pending' as const) : status,
      held: status === 'held',
      nextAttemptAt: status === 'due' ? shop.clock.now() : null,
    })
    return tenantSteps.map(({ service, step }, index) => ({
      ...{ id: `${index}`, service, step, generation: 1, attempt: 1, externalId: null },
      ...stateOf(index === tenantSteps.length - 1 ? last : index === 0 ? 'skipped' : 'ok'),
    }))
  }
  const conclude = (tenantId: string, last: Status) =>
    given.database.transaction((tx) =>
      concludeRuns(
        tx,
        { passId: 'a-pass', tenant: { id: tenantId } },
        stepsWith(last),
        shop.clock.now(),
        auditOf,
      ),
    )
  const find = (id: string) => given.database.client.tenant.findUnique({ where: { id } })
  const audited = async (tenantId: string) =>
    (
      await given.database.client.auditEntry.findMany({
        where: { tenantId, actorKind: 'system' },
        orderBy: { id: 'asc' },
      })
    )
      .filter(({ requestId }) => requestId === 'a-pass')
      .map(({ action }) => action)
  const runs = async (id: string) =>
    (await shop.state(id)).runs.map(({ cause, status }) => `${cause} ${status}`)

  /** A tenant whose purge was asked for. */
  async function purged() {
    const { id, slug } = await shop.createTenant()
    const { database } = given
    const purgeAt = shop.clock.now()
    await database.client.tenant.update({ where: { id }, data: { status: 'deleting', purgeAt } })
    const scope = await shop.scopeOf(slug)
    await scope.transaction((stores) => stores.steps.ask('purged', { deletes: true }))
    return { id, scope }
  }

  it.each<[Status, string, string]>([
    ['ok', 'active', 'done'],
    ['skipped', 'active', 'done'],
    ['error', 'pending', 'failed'],
    ['held', 'pending', 'done'],
    ['due', 'pending', 'running'],
    ['running', 'pending', 'running'],
  ])('where the last step is %s leave it %s, and are %s', async (last, status, run) => {
    const { id } = await shop.createTenant()
    await conclude(id, last)
    expect((await find(id))?.status).toBe(status)
    expect(await runs(id)).toEqual([`created ${run}`])
    await conclude(id, last)
    expect(await audited(id)).toEqual(status === 'active' ? ['tenant.activated'] : [])
  })

  it.each<Status>(['error', 'held', 'due', 'running'])(
    'of a purge keep it while the last step is %s, and end with it once it is done',
    async (last) => {
      const { id } = await purged()
      await conclude(id, last)
      expect((await find(id))?.status).toBe('deleting')
      await conclude(id, 'ok')
      expect(await find(id)).toBeNull()
      const { client } = given.database
      const left = { where: { tenantId: id } }
      expect([await client.provisioningStep.count(left), await client.provisioningRun.count(left)]).toEqual([
        0, 0,
      ])
      expect(await audited(id)).toEqual(['tenant.purged'])
    },
  )

  it('of a purge that was taken back remove nothing', async () => {
    const { id } = await purged()
    await given.database.client.tenant.update({ where: { id }, data: { status: 'pending', purgeAt: null } })
    await conclude(id, 'ok')
    expect((await find(id))?.status).toBe('active')
  })

  it('of a deletion whose time of grace is not over remove nothing', async () => {
    const { id } = await purged()
    const purgeAt = new Date(shop.clock.now().getTime() + 60_000)
    await given.database.client.tenant.update({ where: { id }, data: { purgeAt } })
    await conclude(id, 'ok')
    expect((await find(id))?.status).toBe('deleting')
  })

  it('that nobody asked for are held to what was approved last', async () => {
    const { id, slug } = await shop.createTenant()
    const scope = await shop.scopeOf(slug)
    const digests = { 'ocis/space': ['a-digest'] }
    await scope.transaction((stores) => stores.steps.ask('requested', { digests, deletes: true }))
    for (let count = 0; count < 3; count++) {
      const run = await given.database.transaction((tx) => openRetry(tx, id, shop.clock.now()))
      expect(approvalOf(run, true)).toEqual({ mayDelete: true, digests })
    }
    await scope.transaction((stores) => stores.steps.ask('changed'))
    const run = await given.database.transaction((tx) => openRetry(tx, id, shop.clock.now()))
    expect(approvalOf(run, true)).toEqual({ mayDelete: false, digests: undefined })
  })
})
