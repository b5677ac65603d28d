import { addSeconds } from '#server/lib/clock'
import type { AppError } from '#server/lib/errors'
import type { TenantScope, TenantStores } from '#server/scope'
import { exportHistory, finishExport } from './exports'
import { tenantError } from './tenants.errors'
import { afterMove, isResting, type LifecycleMove } from './tenants.policy'
import type { TenantRow } from './tenants.store'

/** Nobody gets into the tenant's services until it is resumed; nothing in them is lost. Repeating changes nothing. */
export function suspendTenant(scope: TenantScope): Promise<TenantRow> {
  return move(scope, { move: 'suspend', cause: 'suspended', action: 'tenant.suspended' })
}

/**
 * Takes a suspension back. The tenant is pending until every service has confirmed it. Repeating changes nothing.
 *
 * @throws AppError tenant.wrong_status
 */
export function resumeTenant(scope: TenantScope): Promise<TenantRow> {
  return move(scope, { move: 'resume', cause: 'resumed', action: 'tenant.resumed' })
}

/**
 * Puts the tenant away, as a suspension does, with an export of what is on record of it. Repeating changes nothing.
 *
 * @throws AppError tenant.wrong_status
 */
export async function archiveTenant(scope: TenantScope): Promise<TenantRow> {
  const { status } = await scope.stores.tenant.get()
  if (afterMove(status, 'archive') === null) return scope.stores.tenant.get()
  // What is never changed any more goes first, so that the transaction has but the rest to write.
  const begun = await exportHistory(scope)
  return move(scope, {
    move: 'archive',
    cause: 'archived',
    action: 'tenant.archived',
    before: (stores) => finishExport(stores, begun),
  })
}

/**
 * Marks the tenant for deletion after the time of grace; until then it can be restored, and nobody gets into its
 * services. Repeating changes nothing.
 */
export function deleteTenant(scope: TenantScope, graceSeconds: number): Promise<TenantRow> {
  const purgeAt = () => addSeconds(scope.clock.now(), graceSeconds)
  return move(scope, { move: 'delete', cause: 'deleted', action: 'tenant.deletion_requested', purgeAt })
}

/**
 * Takes an archival back, or a deletion while its time of grace lasts. The tenant is pending until every service has
 * confirmed it.
 *
 * @throws AppError tenant.not_deleted, tenant.restore_too_late
 */
export function restoreTenant(scope: TenantScope): Promise<TenantRow> {
  return move(scope, {
    move: 'restore',
    cause: 'restored',
    action: 'tenant.restored',
    async before(stores, { status, purgeAt }) {
      if (afterMove(status, 'restore') === undefined) throw tenantError('tenant.not_deleted')
      const isOver = purgeAt !== null && purgeAt <= scope.clock.now()
      if (status === 'deleting' && (isOver || (await stores.steps.purgeAsked())))
        throw tenantError('tenant.restore_too_late')
    },
  })
}

interface Move {
  move: LifecycleMove
  cause: 'suspended' | 'resumed' | 'archived' | 'deleted' | 'restored'
  /** Of the audit. */
  action: string
  /** When the time of grace is over, for a deletion. */
  purgeAt?: () => Date
  /** Refuses, or writes what belongs to it, in the same transaction. */
  before?: (stores: TenantStores, tenant: TenantRow) => Promise<unknown>
}

/** Status, run and audit in one transaction; the services follow. */
async function move(scope: TenantScope, { move, cause, action, ...more }: Move): Promise<TenantRow> {
  const tenant = await scope.transaction(async (stores) => {
    const before = await stores.tenant.get()
    const status = afterMove(before.status, move)
    if (status === null) return before
    await more.before?.(stores, before)
    if (status === undefined) throw wrongStatus(before)
    const purgeAt = more.purgeAt?.() ?? null
    await stores.tenant.update({ status, purgeAt })
    if (isResting(status)) await stores.leases.endAll('tenant_rests')
    await stores.steps.ask(cause)
    await stores.audit.record({
      action,
      subject: { kind: 'tenant', id: before.id },
      before: { status: before.status, purgeAt: before.purgeAt },
      after: { status, purgeAt },
    })
    return stores.tenant.get()
  })
  scope.wake(tenant.id)
  return tenant
}

const now: Record<TenantRow['status'], string> = {
  pending: 'It is being set up.',
  active: 'It is active.',
  suspended: 'It is suspended: resume it, archive it or delete it.',
  archived: 'It is archived: restore it or delete it.',
  deleting: 'It is going to be deleted: restore it first.',
}

const wrongStatus = ({ status }: TenantRow): AppError =>
  tenantError('tenant.wrong_status', { detail: now[status] })
