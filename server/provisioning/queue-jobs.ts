import type { Clock } from '#server/lib/clock'
import type { Jobs } from '#server/storage/jobs'
import type { QueuedTenant, TenantQueue } from './queue.port'
import type { RowsQueue } from './queue.store'

/** How often jobs are asked for where no signal says so; a retry begins so late at most. */
const pollMs = 1_000
/** How often the rows are looked at for what no job tells of, such as what a worker held that died. */
const sweepMs = 2_000

/**
 * Jobs in front of the rows. Without them, such as before they started or while they are away, the rows alone are the
 * queue; and now and then they are looked at in any case, since a message may be lost.
 */
export function createJobsQueue(jobs: Jobs, rows: RowsQueue, clock: Clock): TenantQueue {
  let sweepAt = 0

  async function done(tenantId: string): Promise<void> {
    const at = await rows.nextLookAt(tenantId)
    if (!at) return
    // At the end of those that wait, where it gave way to them.
    await jobs.send(tenantId, at > clock.now() ? { at } : {})
  }

  return {
    ask: (tx, tenantId) => jobs.send(tenantId, { tx }),
    depth: rows.depth,
    async take(free, ahead) {
      if (!jobs.ready) {
        sweepAt = 0
        return rows.take(free, ahead)
      }
      const nextAt = new Date(clock.now().getTime() + pollMs)
      if (free < 1) return { due: [], nextAt }
      const due: QueuedTenant[] = (await jobs.take(free)).map((job) => ({
        tenantId: job.key,
        async done() {
          // Finished in any case: else it would be kept alive, and hold up all that is asked for after it.
          await done(job.key).finally(() => jobs.finish(job))
        },
      }))
      if (performance.now() >= sweepAt) {
        const known = new Set(due.map(({ tenantId }) => tenantId))
        // No more than can be begun now: what turns up meanwhile and has waited longer would stand behind them.
        const found = await rows.due(free)
        for (const tenantId of found.due)
          if (!known.has(tenantId)) due.push({ tenantId, done: () => done(tenantId) })
        // More of them than were asked for: the next ones soon.
        if (found.due.length < free) sweepAt = performance.now() + sweepMs
      }
      return { due, nextAt }
    },
  }
}
