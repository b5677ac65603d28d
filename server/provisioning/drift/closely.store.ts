import type { DatabaseClient } from '#server/storage/database'
import type { ServiceName } from '../step-planner.port'
import type { StepName } from '../steps'

/** A step of a tenant that nobody works on. */
export interface SettledStep {
  readonly tenantId: string
  readonly service: ServiceName
  readonly step: string
  readonly externalId: string | null
}

/** The tenants that no sweep looked at since a moment, those that it is longest ago for first; over an index. */
export async function longestUnseen(db: DatabaseClient, since: Date, limit: number): Promise<string[]> {
  const never = await db.provisioningWork.findMany({
    where: { checkedAt: null },
    orderBy: { tenantId: 'asc' },
    take: limit,
    select: { tenantId: true },
  })
  const left = limit - never.length
  const before =
    left === 0
      ? []
      : await db.provisioningWork.findMany({
          where: { checkedAt: { lt: since } },
          orderBy: { checkedAt: 'asc' },
          take: left,
          select: { tenantId: true },
        })
  return [...never, ...before].map(({ tenantId }) => tenantId)
}

export async function markSeen(tx: DatabaseClient, tenantIds: readonly string[], at: Date): Promise<void> {
  await tx.provisioningWork.updateMany({
    where: { tenantId: { in: [...tenantIds] } },
    data: { checkedAt: at },
  })
}

/** Those of some steps of some tenants that are settled; since before a moment, where it is told. */
export function settledOf(
  db: DatabaseClient,
  tenantIds: readonly string[],
  steps: readonly StepName[],
  moment?: Date,
): Promise<SettledStep[]> {
  return db.provisioningStep.findMany({
    where: {
      tenantId: { in: [...tenantIds] },
      OR: steps.map(({ service, step }) => ({ service, step })),
      status: 'ok',
      nextAttemptAt: null,
      ...(moment && { updatedAt: { lt: moment } }),
    },
    select: { tenantId: true, service: true, step: true, externalId: true },
  })
}
