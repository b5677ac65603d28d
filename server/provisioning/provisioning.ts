import type { z } from 'zod'
import type { Reconcile } from '#shared/contracts/provisioning'
import { shownActor, type AuditActor } from '#server/domain/audit/audit'
import type { TenantScope } from '#server/scope'
import type { PageRequest } from '#server/storage/page'
import { confirmPlan, type PlanMeans } from './plan'
import { provisioningError } from './provisioning.errors'
import { showStep } from './step-shown'

/** How far the tenant is provisioned: its status, every step, and the number of the newest change among them. */
export async function getProvisioning(scope: TenantScope) {
  const { status, sequence, steps } = await scope.stores.steps.list()
  return { status, sequence, steps: steps.map(showStep) }
}

/**
 * Has every service looked at again. What is right already is not changed by it.
 *
 * @param input.planHash of the plan that was looked at: just that is done, and what it deletes counts as approved where
 *   an operator says so; undefined: whatever has to be done
 * @throws AppError plan.stale
 */
export async function reconcile(
  scope: TenantScope,
  means: PlanMeans,
  { planHash }: z.output<typeof Reconcile> = {},
): Promise<{ runId: string }> {
  const { id } = scope.tenant
  const newest = await scope.stores.steps.newestAsked()
  const digests = planHash === undefined ? undefined : await confirmPlan(scope, means, planHash)
  const deletes = digests !== undefined && scope.standing === 'operator'
  const runId = await scope.transaction(async (stores) => {
    // What was asked for while it was planned is not in the plan, and would be refused as what nobody approved.
    if (digests && (await stores.steps.newestAsked()) !== newest) throw provisioningError('plan.stale')
    const run = await stores.steps.ask('requested', { ...(digests && { digests }), deletes })
    await stores.audit.record({
      action: 'tenant.reconcile_requested',
      subject: { kind: 'tenant', id },
      after: { runId: run, planHash },
    })
    return run
  })
  scope.wake(id)
  return { runId }
}

/** A page of the tenant's runs, newest first, each with who asked. */
export async function listRuns(scope: TenantScope, request: PageRequest) {
  const { items, nextCursor } = await scope.stores.steps.listRuns(request)
  return { items: await withAskers(scope, items), nextCursor }
}

async function withAskers<Run extends AskedRun>({ stores }: TenantScope, runs: readonly Run[]) {
  const names = await stores.audit.namesOf(runs.flatMap(({ askedById }) => askedById ?? []))
  return runs.map((run) => ({ ...run, askedBy: askerOf(run, names) }))
}

/** Who asked, by the name that they have now. */
function askerOf({ askedByKind, askedById }: AskedRun, names: ReadonlyMap<string, string>) {
  return askedByKind && shownActor(askedByKind, askedById, names)
}

interface AskedRun {
  readonly askedByKind: AuditActor['kind'] | null
  readonly askedById: string | null
}

/** So many things of each step a run shows. */
const shownOfStep = 100

/**
 * A run, with what its steps read at the services after they were done.
 *
 * @throws AppError run.not_found, for a run of another tenant too
 */
export async function getRun(scope: TenantScope, runId: string) {
  const run = await scope.stores.steps.findRun(runId)
  if (!run) throw provisioningError('run.not_found')
  const names = await scope.stores.audit.namesOf(run.askedById === null ? [] : [run.askedById])
  const observed = await scope.stores.steps.listReadings(run, shownOfStep)
  return { ...run, askedBy: askerOf(run, names), observed }
}
