import type { DriftStatus } from '#shared/contracts/drift'
import type { OperatorScope, TenantScope } from '#server/scope'
import type { PageRequest } from '#server/storage/page'
import { provisioningError } from '../provisioning.errors'
import { repairable, settling, shownStatuses, type Settling } from './drift.policy'
import type { DriftStore } from './drift.store'

type DriftRow = NonNullable<Awaited<ReturnType<DriftStore['find']>>>

/** A page of what is not as it should be at the services, newest first: what is open or accepted, or of one status. */
export function listDrift(scope: TenantScope, request: PageRequest & { status?: DriftStatus | undefined }) {
  return scope.stores.drift.list(request, shownStatuses(request.status, ['open', 'accepted']))
}

/**
 * Has every step of the tenant asked for again. It is over when that run has read the service again, and open again
 * where it failed. Asked for twice, it is one run.
 *
 * @throws AppError drift.not_found, drift.settled_already
 */
export async function repairDrift(scope: TenantScope, id: string): Promise<{ runId: string }> {
  const { runId, isNew } = await scope.transaction(async (stores) => {
    const row = await found(stores.drift, id)
    if (row.status === 'repairing' && row.repairRunId !== null)
      return { runId: row.repairRunId, isNew: false }
    if (!repairable.includes(row.status)) throw provisioningError('drift.settled_already')
    const run = await stores.steps.ask('drift')
    await stores.drift.repairing(id, run)
    await stores.audit.record({
      action: 'drift.repair_requested',
      subject: { kind: 'drift', id },
      before: { status: row.status },
      after: { status: 'repairing', runId: run, ...named(row) },
    })
    return { runId: run, isNew: true }
  })
  if (isNew) scope.wake(scope.tenant.id)
  return { runId }
}

/**
 * Takes what was found as right (`accepted`), hides it (`ignored`), until something else is found; or undoes that
 * (`open`). The next run of the tenant brings it in line all the same. Done twice, it is done once.
 *
 * @throws AppError drift.not_found, drift.settled_already
 */
export function settleDrift(scope: TenantScope, id: string, to: Settling): Promise<void> {
  return scope.transaction(async ({ drift, audit }) => {
    const row = await found(drift, id)
    if (isDue(row, to)) await settle(drift, audit, row, to)
  })
}

/**
 * The same of anything, also of what is nobody's. What is a tenant's is on record there.
 *
 * @throws AppError drift.not_found, drift.settled_already
 */
export function settleAnyDrift(scope: OperatorScope, id: string, to: Settling): Promise<void> {
  return scope.transaction(async ({ allDrift, audit, ofTenant }) => {
    const row = await found(allDrift, id)
    if (!isDue(row, to)) return
    await settle(allDrift, row.tenantId === null ? audit : ofTenant(row.tenantId).audit, row, to)
  })
}

async function found(drift: DriftStore, id: string): Promise<DriftRow> {
  const row = await drift.find(id)
  if (!row) throw provisioningError('drift.not_found')
  return row
}

function isDue({ status }: DriftRow, to: Settling): boolean {
  const outcome = settling(status, to)
  if (outcome === 'refused') throw provisioningError('drift.settled_already')
  return outcome === 'due'
}

async function settle(
  drift: DriftStore,
  audit: TenantScope['stores']['audit'],
  row: DriftRow,
  to: Settling,
): Promise<void> {
  const { id, status } = row
  await drift.settle(id, to)
  await audit.record({
    action: to === 'open' ? 'drift.reopened' : `drift.${to}`,
    subject: { kind: 'drift', id },
    before: { status },
    after: { status: to, ...named(row) },
  })
}

/** Which thing it is, for the audit. */
const named = ({ service, kind, name }: DriftRow) => ({ service, kind, name })
