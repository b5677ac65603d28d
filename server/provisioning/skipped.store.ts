import type { Clock } from '#server/lib/clock'
import { newId } from '#server/lib/ids'
import type { Database, DatabaseClient } from '#server/storage/database'
import type { ServiceName } from './step-planner.port'
import { notConfigured } from './steps'

/**
 * Has those steps looked at again that were skipped because their service was not configured, and now is; a page of
 * them for each call, so that everybody is visited once, however many there are.
 *
 * @param configured the steps that can be taken now
 * @param page.after what the page before gave as `next`
 * @param page.limit how many steps at most
 * @returns the tenants concerned, and where to go on; undefined: that was the last page
 */
export async function reviveSkipped(
  { database, clock }: { database: Database; clock: Clock },
  configured: readonly { service: ServiceName; step: string }[],
  page: { after: string | undefined; limit: number },
): Promise<{ tenantIds: string[]; next: string | undefined }> {
  if (configured.length === 0) return { tenantIds: [], next: undefined }
  const names = configured.map(({ service, step }) => ({ service, step }))
  // What was left elsewhere is told behind it.
  const skipped = { status: 'skipped', reason: { startsWith: notConfigured }, OR: names } as const
  const found = await database.client.provisioningStep.findMany({
    where: {
      ...skipped,
      ...(page.after !== undefined && { id: { gt: page.after } }),
    },
    orderBy: { id: 'asc' },
    take: page.limit,
    select: { id: true, tenantId: true },
  })
  const tenantIds = [...new Set(found.map(({ tenantId }) => tenantId))]
  for (const tenantId of tenantIds) {
    await database.transaction(async (tx) => {
      const steps = await tx.provisioningStep.findMany({
        where: { tenantId, ...skipped },
        select: { id: true },
      })
      if (steps.length > 0) await revive(tx, tenantId, steps, clock.now())
    })
  }
  return { tenantIds, next: found.length === page.limit ? found.at(-1)?.id : undefined }
}

async function revive(
  tx: DatabaseClient,
  tenantId: string,
  steps: { id: string }[],
  now: Date,
): Promise<void> {
  const { sequence } = await tx.provisioningWork.update({
    where: { tenantId },
    data: { sequence: { increment: steps.length } },
  })
  for (const [index, { id }] of steps.entries()) {
    const place = sequence - steps.length + index + 1
    const due = { status: 'pending', attempt: 0, reason: null, nextAttemptAt: now, updatedAt: now } as const
    await tx.provisioningStep.update({
      where: { id },
      data: { ...due, sequence: place, generation: { increment: 1 } },
    })
  }
  await tx.provisioningRun.create({
    data: { id: newId(), tenantId, cause: 'changed', startedAt: now, askedByKind: 'system' },
  })
}
