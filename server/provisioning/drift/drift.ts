import type { TenantScope } from '#server/scope'
import type { PageRequest } from '#server/storage/page'
import { provisioningError } from '../provisioning.errors'

/** A page of what is not as it should be at the services, newest first; what is ignored is left out. */
export function listDrift(scope: TenantScope, request: PageRequest) {
  return scope.stores.drift.list(request)
}

/**
 * Has every step of the tenant asked for again. What shows again after that is open again.
 *
 * @throws AppError drift.not_found
 */
export async function repairDrift(scope: TenantScope, id: string): Promise<{ runId: string }> {
  const runId = await scope.transaction(async (stores) => {
    const before = await stores.drift.find(id)
    if (!before || !(await stores.drift.settle(id, 'repaired'))) throw provisioningError('drift.not_found')
    const run = await stores.steps.ask('drift')
    await stores.audit.record({
      action: 'drift.repair_requested',
      subject: { kind: 'drift', id },
      before: { status: before.status },
      after: {
        status: 'repaired',
        runId: run,
        service: before.service,
        kind: before.kind,
        name: before.name,
      },
    })
    return run
  })
  scope.wake(scope.tenant.id)
  return { runId }
}

/**
 * Takes what was found as right (`accepted`), or hides it (`ignored`), until something else is found. The next repair
 * of the tenant brings it in line all the same.
 *
 * @throws AppError drift.not_found
 */
export function settleDrift(scope: TenantScope, id: string, status: 'accepted' | 'ignored'): Promise<void> {
  return scope.transaction(async (stores) => {
    const before = await stores.drift.find(id)
    if (!before || !(await stores.drift.settle(id, status))) throw provisioningError('drift.not_found')
    const { service, kind, name } = before
    await stores.audit.record({
      action: `drift.${status}`,
      subject: { kind: 'drift', id },
      before: { status: before.status },
      after: { status, service, kind, name },
    })
  })
}
