import type { DatabaseClient } from '#server/storage/database'

/**
 * Settles what was found of a tenant, when its runs end: their steps have read the services again. What is in line by
 * that is over; what was to be repaired and is not is open again. What is ours and unknown to us is over only when no
 * sweep finds it any more. To be called in the transaction that ends the runs.
 */
export async function endRepairs(tx: DatabaseClient, tenantId: string): Promise<void> {
  const isOpen = { tenantId, status: { not: 'repaired' } } as const
  if (!(await tx.resourceDrift.findFirst({ where: isOpen, select: { id: true } }))) return
  const steps = await tx.provisioningStep.findMany({ where: { tenantId, status: 'ok' } })
  for (const { service, step, updatedAt } of steps) {
    // What a sweep saw after the step was done is not over by it.
    const seenBefore = { lastSeenAt: { lte: updatedAt } }
    await tx.resourceDrift.updateMany({
      where: {
        ...{ ...isOpen, service, step, ...seenBefore },
        OR: [{ what: { not: 'unknown' } }, { externalId: null }],
      },
      data: { status: 'repaired' },
    })
  }
  await tx.resourceDrift.updateMany({ where: { tenantId, status: 'repairing' }, data: { status: 'open' } })
}
