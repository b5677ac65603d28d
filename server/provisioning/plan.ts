import { IntegrationError } from '#server/lib/errors'
import type { TenantScope } from '#server/scope'
import { untilCut } from './attempt'
import type { Gate } from './gates'
import { digestsOfPlan, hashOfPlan, shownChange, type PlanDigests } from './plan-hash'
import { platformServices, type ServicesOf } from './connected/tenant-services'
import { provisioningError } from './provisioning.errors'
import type { Change, ServiceName, StepPlan, StepPlanner } from './step-planner.port'
import { byStepOrder, notConfigured, stepKey, tenantSteps } from './steps'

/** What plans are made with. */
export interface PlanMeans {
  readonly planners: readonly StepPlanner[]
  readonly gate: (service: ServiceName) => Gate
  /** Whom a tenant's steps are done at; default: the above. */
  readonly servicesOf?: ServicesOf
  /** The longest that one service may take, in milliseconds. Default 20,000. */
  readonly timeoutMs?: number
}

/** What a service would have changed; `error`: it could not be looked at. */
export interface ServicePlan {
  service: ServiceName
  changes: Change[]
  /** What can't be done yet, and is no fault. */
  notes: string[]
  reason?: string
  error?: string
}

export interface TenantPlan {
  /** Of all that would be changed; to be given back where just that is to be done. */
  hash: string
  services: ServicePlan[]
}

interface Planned {
  readonly shown: TenantPlan
  readonly digests: PlanDigests
  /** Whether every service could be looked at. */
  readonly isWhole: boolean
}

/** What a reconcile would change now, service by service. Changes nothing, and is made by the very code that changes. */
export async function getPlan(scope: TenantScope, means: PlanMeans): Promise<TenantPlan> {
  return (await planTenant(scope, means)).shown
}

/**
 * Plans, and holds the plan against one that somebody approved.
 *
 * @returns what was approved, for the run that is to do it
 * @throws AppError plan.stale where something else is to be done now, or a service can't be looked at
 */
export async function confirmPlan(scope: TenantScope, means: PlanMeans, hash: string): Promise<PlanDigests> {
  const { shown, digests, isWhole } = await planTenant(scope, means)
  if (!isWhole || shown.hash !== hash) throw provisioningError('plan.stale')
  return digests
}

/** Whom a tenant's steps are done at. */
export const servicesFor = (means: PlanMeans, scope: TenantScope) =>
  means.servicesOf?.(scope.tenant.id) ?? Promise.resolve(platformServices(means))

async function planTenant(scope: TenantScope, means: PlanMeans): Promise<Planned> {
  const { stores } = scope
  const tenant = await stores.desired.get()
  const { steps } = await stores.steps.list()
  const known = new Map(steps.map((step) => [stepKey(step), step.externalId]))
  const knownOf = (planner: StepPlanner) => ({ externalId: known.get(stepKey(planner)) ?? null })
  const signal = AbortSignal.timeout(means.timeoutMs ?? 20_000)
  const services = await servicesFor(means, scope)
  const planners = services.planners.toSorted(byStepOrder)
  const plans = await Promise.all(
    planners.map((planner) =>
      services
        .gate(planner.service)
        .run(() => untilCut(() => planner.plan(tenant, knownOf(planner), signal), signal), signal)
        .then((plan) => ({ planner, plan }))
        .catch((error: unknown) => ({ planner, error: inWords(error, signal) })),
    ),
  )
  const digests: Record<string, string[]> = {}
  const plansOf = new Map<ServiceName, ServicePlan>()
  for (const { service } of tenantSteps) {
    const isThere = planners.some((planner) => planner.service === service)
    plansOf.set(service, { service, changes: [], notes: [], ...(!isThere && { reason: notConfigured }) })
  }
  for (const { planner, ...found } of plans) {
    const shown = plansOf.get(planner.service)
    if (!shown) continue
    if ('error' in found) shown.error ??= found.error
    else add(shown, found.plan, (digests[stepKey(planner)] = []))
  }
  const all = [...plansOf.values()]
  return {
    shown: { hash: hashOfPlan(digests), services: all },
    digests,
    isWhole: all.every(({ error }) => error === undefined),
  }
}

function add(shown: ServicePlan, plan: StepPlan, digests: string[]): void {
  shown.changes.push(...plan.changes.map(shownChange))
  shown.notes.push(...plan.notes)
  digests.push(...digestsOfPlan(plan))
}

/** @throws what is no failure of the service */
function inWords(error: unknown, signal: AbortSignal): string {
  if (error instanceof IntegrationError) return error.message
  if (signal.aborted) return 'It did not answer in time.'
  throw error
}
