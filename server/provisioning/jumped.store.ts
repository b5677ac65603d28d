import type { DatabaseClient } from '#server/storage/database'

/** The clocks of two replicas are not apart by more. */
const skewMs = 60_000

/**
 * Makes due what was put off by a clock that ran ahead, such as what it had begun: else it would wait until that time
 * comes again.
 */
export async function bringForward(db: DatabaseClient, now: Date): Promise<void> {
  await db.provisioningStep.updateMany({
    where: { nextAttemptAt: { gt: now }, updatedAt: { gt: new Date(now.getTime() + skewMs) } },
    data: { nextAttemptAt: now },
  })
}
