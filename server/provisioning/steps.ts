import type { ServiceName } from './step-planner.port'

export interface TenantStep {
  readonly service: ServiceName
  readonly step: string
  /** What has to be done or skipped before, each as `service/step`. */
  readonly needs: readonly string[]
}

/** Every step that a tenant goes through, in the order in which they are shown; what is needed stands before who needs it. */
export const tenantSteps: readonly TenantStep[] = [
  { service: 'authentik', step: 'group', needs: [] },
  { service: 'authentik', step: 'members', needs: ['authentik/group'] },
  { service: 'stalwart', step: 'domains', needs: [] },
  { service: 'stalwart', step: 'accounts', needs: ['stalwart/domains'] },
  { service: 'ocis', step: 'space', needs: [] },
  { service: 'ocis', step: 'members', needs: ['ocis/space', 'authentik/members'] },
  {
    service: 'mail',
    step: 'onboarding',
    needs: ['authentik/members', 'stalwart/accounts', 'ocis/members'],
  },
]

/** Why a step is skipped whose service is not configured. */
export const notConfigured = 'not configured'

/** A step's name, as a service and what of it. */
export type StepName = Pick<TenantStep, 'service' | 'step'>
type Named = StepName

/** Those that give people access, and take it away: what they read is what a receipt lists. */
export const peopleSteps = ['authentik/members', 'stalwart/accounts', 'ocis/members'] as const

/** A step's name among all steps of all services. */
export function stepKey({ service, step }: { service: string; step: string }): string {
  return `${service}/${step}`
}

/** Whether it is one of them. */
export function givesAccess(step: StepName): boolean {
  return (peopleSteps as readonly string[]).includes(stepKey(step))
}

const order = new Map(tenantSteps.map((step, index) => [stepKey(step), index]))
const needs = new Map(tenantSteps.map((step) => [stepKey(step), step.needs]))

/** The steps that have to be done or skipped before this one. */
export function needsOf(step: Named): readonly string[] {
  return needs.get(stepKey(step)) ?? []
}

/** Compares two steps by the order in which they are shown; for `sort`. */
export function byStepOrder(a: Named, b: Named): number {
  return (order.get(stepKey(a)) ?? order.size) - (order.get(stepKey(b)) ?? order.size)
}
