import { z } from 'zod'
import { addSeconds, type Clock } from '#server/lib/clock'
import { newId } from '#server/lib/ids'
import type { Database, DatabaseClient } from '#server/storage/database'
import { LeaseLost } from '../lease'
import { Place, startPlace } from './place'

const Failures = z.record(z.string(), z.string())

export interface SweepClaim {
  readonly id: string
  readonly fence: number
  readonly place: Place
  /** How many things there are to be compared, about; null: not counted yet. */
  readonly expected: number | null
  readonly failures: Readonly<Record<string, string>>
}

export interface Progress {
  readonly place: Place
  readonly pages?: number
  readonly things?: number
  /** How many things there are to be compared, about; to be told once. */
  readonly expected?: number
  readonly tenants?: number
  readonly drifted?: number
  readonly failures?: Readonly<Record<string, string>>
}

const keptDays = 30

/** Asks for a sweep. @returns its id; of the one that runs already, where there is one */
export async function askSweep(
  tx: DatabaseClient,
  clock: Clock,
  cause: 'scheduled' | 'requested',
): Promise<{ runId: string; isNew: boolean }> {
  const running = await tx.provisioningSweep.findUnique({ where: { activeKey: 'now' } })
  if (running) return { runId: running.id, isNew: false }
  const id = newId()
  await tx.provisioningSweep.create({
    data: { id, cause, activeKey: 'now', place: startPlace, failures: {}, startedAt: clock.now() },
  })
  return { runId: id, isNew: true }
}

export type SweepsStore = ReturnType<typeof sweepsStore>

/** Sweeps of all replicas: one runs at a time, held by a lease with a fence. */
export function sweepsStore({
  database,
  clock,
  leaseMs,
}: {
  database: Database
  clock: Clock
  leaseMs: number
}) {
  const leaseEnd = () => new Date(clock.now().getTime() + leaseMs)
  return {
    /** Begins one where the last one began so long ago, and removes what is long over. */
    schedule: (everySeconds: number) =>
      database.transaction(async (tx) => {
        const last = await tx.provisioningSweep.findFirst({ orderBy: { startedAt: 'desc' } })
        if (last && addSeconds(last.startedAt, everySeconds) > clock.now()) return
        const { isNew } = await askSweep(tx, clock, 'scheduled')
        if (!isNew) return
        const before = addSeconds(clock.now(), -keptDays * 86_400)
        await tx.provisioningSweep.deleteMany({ where: { endedAt: { lt: before } } })
        await tx.resourceDrift.deleteMany({ where: { status: 'repaired', lastSeenAt: { lt: before } } })
      }),

    /**
     * Takes the one that runs. One whose place can't be read, as another version of Tenantry left it, begins again.
     *
     * @returns null where there is none, or somebody else has it
     */
    async claim(): Promise<SweepClaim | null> {
      const now = clock.now()
      const [row] = await database.client.provisioningSweep.updateManyAndReturn({
        where: { activeKey: 'now', OR: [{ leaseUntil: null }, { leaseUntil: { lte: now } }] },
        data: { fence: { increment: 1 }, leaseUntil: leaseEnd() },
      })
      if (!row) return null
      const { id, fence, expected } = row
      return {
        id,
        fence,
        expected,
        place: Place.catch(startPlace).parse(row.place),
        failures: Failures.parse(row.failures),
      }
    },

    /**
     * Writes down a piece of work together with how far the sweep has come by it, or not at all.
     *
     * @throws LeaseLost
     */
    advance(
      claim: SweepClaim,
      work: (tx: DatabaseClient, now: Date) => Promise<Progress>,
    ): Promise<SweepClaim> {
      return database.transaction(async (tx) => {
        const now = clock.now()
        const { count } = await tx.provisioningSweep.updateMany({
          where: { id: claim.id, fence: claim.fence, activeKey: 'now', leaseUntil: { gt: now } },
          data: { leaseUntil: leaseEnd() },
        })
        if (count === 0) throw new LeaseLost('Somebody else goes on with the sweep')
        const {
          place,
          pages = 0,
          things = 0,
          expected,
          tenants = 0,
          drifted = 0,
          failures = {},
        } = await work(tx, now)
        const all = { ...claim.failures, ...failures }
        await tx.provisioningSweep.update({
          where: { id: claim.id },
          data: {
            ...{ place, failures: all },
            pages: { increment: pages },
            things: { increment: things },
            ...(expected !== undefined && { expected }),
            tenants: { increment: tenants },
            drifted: { increment: drifted },
          },
        })
        return { ...claim, place, expected: expected ?? claim.expected, failures: all }
      })
    },

    /** Keeps it from others, where nothing can be written for a while. @throws LeaseLost */
    renew(claim: SweepClaim): Promise<SweepClaim> {
      return this.advance(claim, () => Promise.resolve({ place: claim.place }))
    },

    /** It is over: failed where a service could not be compared. */
    async end(claim: SweepClaim): Promise<void> {
      const status = Object.keys(claim.failures).length > 0 ? 'failed' : 'done'
      await database.client.provisioningSweep.updateMany({
        where: { id: claim.id, fence: claim.fence, leaseUntil: { gt: clock.now() } },
        data: { status, activeKey: null, leaseUntil: null, endedAt: clock.now() },
      })
    },

    /** Gives it back, for whoever is next. */
    async release({ id, fence }: SweepClaim): Promise<void> {
      await database.client.provisioningSweep.updateMany({ where: { id, fence }, data: { leaseUntil: null } })
    },
  }
}
