import { z } from 'zod'
import { newId } from '#server/lib/ids'
import type { DatabaseClient } from '#server/storage/database'
import type { StepState } from './advance'
import { readFormer } from './connected/former.store'
import { summaryOfLeft } from './connected/left-behind'
import { endRepairs } from './drift/repairs.store'
import { isPurgeAsked, listKeyedVaults } from './purge.store'
import type { PlanDigests } from './plan-hash'

/** A tenant's audit, as far as the engine writes it. */
export interface TenantAudit {
  record(entry: {
    action: 'tenant.activated' | 'tenant.purged'
    subject: { kind: 'tenant'; id: string }
    before: { status: string }
    after: { status?: string; leftBehind?: string | undefined }
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

/** What somebody approved of what a tenant's steps do now: of the newest run that is open. */
export interface Approval {
  readonly mayDelete: boolean
  /** Digests by `service/step`; undefined: any change. */
  readonly digests: PlanDigests | undefined
}

const Digests = z.record(z.string(), z.array(z.string()))

const digestsOf = (approved: unknown) => (approved == null ? undefined : Digests.parse(approved))

/** What a run has on record of what was approved. */
interface ApprovedRun {
  readonly deletesAgreed: boolean
  readonly approved?: unknown
}

export function approvalOf(run: ApprovedRun, approveDeletions: boolean): Approval {
  return { mayDelete: !approveDeletions || run.deletesAgreed, digests: digestsOf(run.approved) }
}

/**
 * Opens the run of a retry that nobody asked for. It goes on with what was asked for last, and is held to what was
 * approved of that: a failure in between makes nothing right that nobody saw.
 */
export async function openRetry(tx: DatabaseClient, tenantId: string, now: Date): Promise<ApprovedRun> {
  const last = await tx.provisioningRun.findFirst({
    where: { tenantId },
    orderBy: { id: 'desc' },
    select: { approved: true, deletesAgreed: true },
  })
  const deletesAgreed = last?.deletesAgreed ?? false
  const approved = digestsOf(last?.approved)
  await tx.provisioningRun.create({
    data: {
      ...{ id: newId(), tenantId, cause: 'retry', startedAt: now, deletesAgreed, askedByKind: 'system' },
      ...(approved && { approved }),
    },
  })
  const [superfluous] = await tx.provisioningRun.findMany({
    where: { tenantId, cause: 'retry' },
    orderBy: { id: 'desc' },
    skip: keptRetries,
    take: 1,
    select: { id: true },
  })
  if (superfluous)
    await tx.provisioningRun.deleteMany({ where: { tenantId, cause: 'retry', id: { lte: superfluous.id } } })
  return { deletesAgreed, approved }
}

/**
 * Ends the open runs where nothing goes on by itself any more. Where every step is done, a pending tenant becomes
 * active, and one that was purged is gone. Whoever asks makes every step pending again, so that a run that was opened
 * during a pass outlives it. To be called in the transaction that settled a step.
 *
 * @param steps as that transaction leaves them
 */
export async function concludeRuns(
  tx: DatabaseClient,
  pass: Pass,
  steps: readonly StepState[],
  now: Date,
  auditOf: AuditOf,
): Promise<void> {
  const { passId, tenant } = pass
  const goesOn = ({ status, nextAttemptAt }: StepState) =>
    status === 'running' || (status === 'pending' && nextAttemptAt !== null)
  if (steps.some(goesOn)) return
  const failed = steps.some(({ status }) => status === 'error')
  await tx.provisioningRun.updateMany({
    where: { tenantId: tenant.id, status: 'running' },
    data: { status: failed ? 'failed' : 'done', endedAt: now },
  })
  await endRepairs(tx, tenant.id)
  if (!steps.every(({ status }) => status === 'ok' || status === 'skipped')) return
  const audit = auditOf(tx, { tenantId: tenant.id, requestId: passId })
  // Whichever run it is that ends: the one that asked may have failed before.
  if (await isPurgeAsked(tx, tenant.id)) return void (await endPurge(tx, tenant.id, audit))
  const subject = { kind: 'tenant', id: tenant.id } as const
  const { count } = await tx.tenant.updateMany({
    where: { id: tenant.id, status: 'pending' },
    data: { status: 'active', updatedAt: now, version: { increment: 1 } },
  })
  if (count === 0) return
  await audit.record({
    action: 'tenant.activated',
    subject,
    before: { status: 'pending' },
    after: { status: 'active' },
  })
}

/**
 * Removes a tenant of which nothing is left at the services. Its secrets go first, and lie where no transaction reaches:
 * whoever removes them tries again (purge.ts).
 *
 * @returns whether it is gone; not while there are any
 */
export async function endPurge(tx: DatabaseClient, tenantId: string, audit: TenantAudit): Promise<boolean> {
  if ((await listKeyedVaults(tx, tenantId)).length > 0) return false
  await tx.secretLease.deleteMany({
    where: { tenantId, OR: [{ kind: 'secret' }, { settledAt: { not: null } }] },
  })
  // What lies where nobody looked is not gone.
  const leftBehind = summaryOfLeft(await readFormer(tx, tenantId))
  await tx.tenant.delete({ where: { id: tenantId } })
  await audit.record({
    action: 'tenant.purged',
    subject: { kind: 'tenant', id: tenantId },
    before: { status: 'deleting' },
    after: leftBehind === undefined ? {} : { leftBehind },
  })
  return true
}
