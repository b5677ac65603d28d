import { afterEach } from 'vitest'
import { auditStore } from '#server/domain/audit/audit.store'
import { createSweeper, type SweeperOptions } from '#server/provisioning/drift/sweeper'
import { createGates } from '#server/provisioning/gates'
import type { StepPlanner } from '#server/provisioning/step-planner.port'
import type { DatabaseUnderTest } from './databases'
import { createWorkshop, eventually, silent } from './provisioning'
import { seedSettled } from './seed-settled'
import type { createShelf } from './shelf'
import { auditKey } from './audit'

type Planned = { planner: StepPlanner }
type Shelf = ReturnType<typeof createShelf>

interface MadeTenant {
  id: string
  slug: string
}

/** What a suite on sweeps works with, beside the workshop; sweeps and drift are gone after each test. */
export function createSweepShop(given: DatabaseUnderTest) {
  const workshop = createWorkshop(given)
  afterEach(async () => {
    await given.database.client.provisioningSweep.deleteMany()
    await given.database.client.resourceDrift.deleteMany()
  })

  const sweeper = (services: Planned[], replace: Partial<SweeperOptions> = {}) => {
    const { clock, signals } = workshop
    return createSweeper({
      ...{ database: given.database, clock, log: silent, signals },
      ...{ planners: services.map(({ planner }) => planner), wake: () => {}, everySeconds: 60, pauseMs: 0 },
      gate: createGates({ clock, concurrency: 8, random: () => 0 }),
      // Time goes by at once.
      pause: async (milliseconds, signal) => {
        signal.throwIfAborted()
        clock.advance(milliseconds)
      },
      ...replace,
    })
  }
  const settled = () =>
    eventually(async () => {
      const { client } = given.database
      const waiting = await client.provisioningStep.count({ where: { nextAttemptAt: { not: null } } })
      const pending = await client.tenant.count({ where: { status: 'pending' } })
      if (waiting + pending > 0) throw new Error(`${waiting} steps of ${pending} tenants are due`)
    })

  return {
    get clock() {
      return workshop.clock
    },
    workshop,
    sweeper,
    settled,

    /** Tenants that are settled at these shelves; then a second goes by. */
    async settle(count: number, shelves: Shelf[]): Promise<[MadeTenant, MadeTenant, MadeTenant]> {
      const made = await seedSettled(given.database, count, shelves, workshop.clock.now())
      workshop.clock.advance(1_000)
      return made as [MadeTenant, MadeTenant, MadeTenant]
    },

    /** Has all tenants looked at again, as when something of theirs changed. */
    async reconcileAll(services: Planned[]): Promise<void> {
      const reconciler = workshop.start(services)
      for (const { slug } of await given.database.client.tenant.findMany())
        await workshop.reconcile(await workshop.scopeOf(slug))
      reconciler.look()
      await settled()
      await reconciler.stop(0)
    },

    /** A tenant is gone for good, as a purge leaves it. */
    async purge(tenantId: string): Promise<void> {
      const { database } = given
      await database.transaction(async (tx) => {
        await tx.tenant.delete({ where: { id: tenantId } })
        const actor = { kind: 'system' } as const
        const audit = auditStore(tx, { clock: workshop.clock, auditKey, actor, requestId: 'test', tenantId })
        const subject = { kind: 'tenant', id: tenantId } as const
        await audit.record({ action: 'tenant.purged', subject, before: { status: 'deleting' }, after: {} })
      })
    },

    /** Time for another sweep, and all of it. */
    async sweep(services: Planned[], replace: Partial<SweeperOptions> = {}): Promise<void> {
      workshop.clock.advance(61_000)
      await sweeper(services, replace).work()
    },
  }
}
