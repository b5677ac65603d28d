import { addSeconds, type Clock } from '#server/lib/clock'
import type { Database } from '#server/storage/database'
import type { Signals } from '#server/storage/signals'
import { changedChannel } from './channels'
import type { ServiceName } from './step-planner.port'
import { bringForward } from './jumped.store'
import { reviveSkipped } from './skipped.store'

const everySeconds = 60
const pageSize = 100

interface RevivalMeans {
  database: Database
  clock: Clock
  signals: Pick<Signals, 'publish'>
  configured: readonly { service: ServiceName; step: string }[]
}

/**
 * Has steps that were skipped looked at again once their service is configured: at the start, and every minute, since
 * while one version takes over from another, a replica that does not know the service may skip them once more. Brings
 * forward what a clock that ran ahead has put off, too; where it was our own, as soon as it is set right.
 *
 * @returns takes a page of them where it is time to; tells whether there is another
 */
export function createRevival({ database, clock, signals, configured }: RevivalMeans) {
  let dueAt = clock.now()
  let after: string | undefined
  return async (): Promise<boolean> => {
    const now = clock.now()
    const hasJumped = dueAt > addSeconds(now, everySeconds)
    if (now < dueAt && !hasJumped) return false
    if (after === undefined) await bringForward(database.client, now)
    const { tenantIds, next } = await reviveSkipped({ database, clock }, configured, {
      after,
      limit: pageSize,
    })
    for (const tenantId of tenantIds) signals.publish(changedChannel, tenantId)
    after = next
    if (next === undefined) dueAt = addSeconds(clock.now(), everySeconds)
    return next !== undefined
  }
}
