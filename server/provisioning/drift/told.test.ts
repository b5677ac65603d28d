import { expect, it } from 'vitest'
import { createScopes } from '#server/scope'
import { describeEachDatabase } from '../../../tests/harness/databases'
import { createShelf } from '../../../tests/harness/shelf'
import { createSweepShop } from '../../../tests/harness/sweeps'
import { retryFailing } from './board'
import { boardStore } from './board.store'
import { auditKey } from '../../../tests/harness/audit'

describeEachDatabase('what is asked for by sweeps and operators', (given) => {
  const shop = createSweepShop(given)

  /** A queue that remembers what it was told, and whether that was within a transaction. */
  function createQueue() {
    const told: { tenantId: string; inTransaction: boolean }[] = []
    const ask = (tx: unknown, tenantId: string) => {
      told.push({ tenantId, inTransaction: tx !== given.database.client })
      return Promise.resolve()
    }
    return { told, queue: { ask } }
  }

  it('is told to the queue with the transaction, where a tenant lacks a step', async () => {
    const shelf = createShelf()
    const [one] = await shop.settle(3, [shelf])
    const { client } = given.database
    await client.provisioningStep.deleteMany({ where: { tenantId: one.id, step: 'onboarding' } })
    const { told, queue } = createQueue()
    const woken: string[] = []
    await shop.sweep([shelf], { queue, wake: (id) => void woken.push(id) })
    expect(told).toEqual([{ tenantId: one.id, inTransaction: true }])
    expect(woken).toEqual([one.id])
    expect(await client.provisioningStep.count({ where: { tenantId: one.id } })).toBe(7)
  })

  it('is told to the queue with the transaction, where failing tenants are tried again', async () => {
    const [one, two] = await shop.settle(3, [createShelf()])
    const { database } = given
    await database.client.provisioningStep.updateMany({
      where: { tenantId: { in: [one.id, two.id] }, service: 'authentik' },
      data: { status: 'error', error: 'It is away.' },
    })
    const { told, queue } = createQueue()
    const scopes = createScopes(database, shop.clock, {
      wake: () => {},
      localAccounts: true,
      queue,
      auditKey,
    })
    const operator = { userId: 'nobody', platformRole: 'operator', session: null } as const
    expect(await retryFailing(scopes.operator(operator, 'test'), 'authentik')).toEqual({ asked: 2 })
    expect(told.map(({ tenantId }) => tenantId).sort()).toEqual([one.id, two.id].sort())
    expect(told.every(({ inTransaction }) => inTransaction)).toBe(true)
  })

  it('has those first whose failure is the oldest, where more fail than are asked at a time', async () => {
    const tenants = await shop.settle(4, [createShelf()])
    const { database } = given
    const failed = [3, 1, 0, 2].map((index) => tenants[index]?.id ?? '')
    for (const [minutes, tenantId] of failed.entries())
      await database.client.provisioningStep.updateMany({
        where: { tenantId, service: 'authentik' },
        data: {
          ...{ status: 'error', error: 'It is away.' },
          updatedAt: new Date(shop.clock.now().getTime() + minutes * 60_000),
        },
      })
    const board = boardStore(database.client, shop.clock, { actor: { kind: 'system' } })
    expect(await board.retryFailing('authentik', 2)).toEqual(failed.slice(0, 2))
    expect(await board.retryFailing('authentik', 50)).toEqual(failed.slice(2))
    expect(await board.retryFailing('authentik', 50)).toEqual([])
  })
})
