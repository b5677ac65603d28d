import type { TenantScope } from '#server/scope'
import type { PageRequest } from '#server/storage/page'
import { provisioningError } from './provisioning.errors'
import { showStep } from './step-shown'
import { provisionedStatuses } from './steps'

/** How far the tenant is provisioned: its status, every step, and the number of the newest change among them. */
export async function getProvisioning(scope: TenantScope) {
  const { status, sequence, steps } = await scope.stores.steps.list()
  return { status, sequence, steps: steps.map(showStep) }
}

/**
 * Has every service looked at again. What is right already is not changed by it.
 *
 * @throws AppError provisioning.paused where the tenant is suspended, archived or being deleted
 */
export async function reconcile(scope: TenantScope): Promise<{ runId: string }> {
  const { id } = scope.tenant
  const runId = await scope.transaction(async (stores) => {
    const { status } = await stores.tenant.get()
    if (!provisionedStatuses.some((provisioned) => provisioned === status))
      throw provisioningError('provisioning.paused', { detail: `The tenant is ${status}.` })
    const run = await stores.steps.ask('requested')
    await stores.audit.record({
      action: 'tenant.reconcile_requested',
      subject: { kind: 'tenant', id },
      after: { runId: run },
    })
    return run
  })
  scope.wake(id)
  return { runId }
}

/** A page of the tenant's runs, newest first. */
export function listRuns(scope: TenantScope, request: PageRequest) {
  return scope.stores.steps.listRuns(request)
}

/** @throws AppError run.not_found, for a run of another tenant too */
export async function getRun(scope: TenantScope, runId: string) {
  const run = await scope.stores.steps.findRun(runId)
  if (!run) throw provisioningError('run.not_found')
  return run
}
