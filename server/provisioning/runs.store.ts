import { newId } from '#server/lib/ids'
import type { DatabaseClient } from '#server/storage/database'

/** A tenant's audit, as far as the engine writes it. */
interface TenantAudit {
  record(entry: {
    action: 'tenant.activated'
    subject: { kind: 'tenant'; id: string }
    before: { status: string }
    after: { status: string }
  }): Promise<void>
}

/** The audit of one tenant within a transaction, kept in the system's name; `requestId` is the pass's id. */
export type AuditOf = (tx: DatabaseClient, context: { tenantId: string; requestId: string }) => TenantAudit

interface Pass {
  readonly passId: string
  readonly tenant: { readonly id: string }
}

/** So many automatic retries of a tenant are remembered, so that a service that is down for weeks fills no disk. */
const keptRetries = 20

/** Opens the run of a retry that nobody asked for. */
export async function openRetry(tx: DatabaseClient, tenantId: string, now: Date): Promise<void> {
  await tx.provisioningRun.create({ data: { id: newId(), tenantId, cause: 'retry', startedAt: now } })
  const [superfluous] = await tx.provisioningRun.findMany({
    where: { tenantId, cause: 'retry' },
    orderBy: { id: 'desc' },
    skip: keptRetries,
    take: 1,
    select: { id: true },
  })
  if (superfluous)
    await tx.provisioningRun.deleteMany({ where: { tenantId, cause: 'retry', id: { lte: superfluous.id } } })
}

/**
 * Ends the open runs where every step is settled, and makes a pending tenant active where none of them failed. Whoever
 * asks makes every step pending again, so that a run that was opened during a pass outlives it.
 * To be called in the transaction that settled a step.
 */
export async function concludeRuns(
  tx: DatabaseClient,
  pass: Pass,
  now: Date,
  auditOf: AuditOf,
): Promise<void> {
  const { passId, tenant } = pass
  const steps = await tx.provisioningStep.findMany({
    where: { tenantId: tenant.id },
    select: { status: true },
  })
  if (steps.some(({ status }) => status === 'pending' || status === 'running')) return
  const failed = steps.some(({ status }) => status === 'error')
  await tx.provisioningRun.updateMany({
    where: { tenantId: tenant.id, status: 'running' },
    data: { status: failed ? 'failed' : 'done', endedAt: now },
  })
  if (failed) return
  const { count } = await tx.tenant.updateMany({
    where: { id: tenant.id, status: 'pending' },
    data: { status: 'active', updatedAt: now, version: { increment: 1 } },
  })
  if (count === 0) return
  await auditOf(tx, { tenantId: tenant.id, requestId: passId }).record({
    action: 'tenant.activated',
    subject: { kind: 'tenant', id: tenant.id },
    before: { status: 'pending' },
    after: { status: 'active' },
  })
}
