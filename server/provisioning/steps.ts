import type { ServiceName } from './provisioner.port'

/** Every step that a tenant goes through, in the order in which they are shown. */
export const tenantSteps: readonly { readonly service: ServiceName; readonly step: string }[] = [
  { service: 'authentik', step: 'group' },
  { service: 'stalwart', step: 'domain' },
  { service: 'ocis', step: 'space' },
  { service: 'mail', step: 'onboarding' },
]

/** What a tenant has to be for its steps to be worked on; those of any other are left as they are. */
export const provisionedStatuses = ['pending', 'active'] as const

/** Why a step is skipped whose service is not configured. */
export const notConfigured = 'not configured'

const order = new Map(tenantSteps.map((step, index) => [stepKey(step), index]))

/** A step's name among all steps of all services. */
export function stepKey({ service, step }: { service: string; step: string }): string {
  return `${service}/${step}`
}

/** Compares two steps by the order in which they are shown; for `sort`. */
export function byStepOrder(
  a: { service: string; step: string },
  b: { service: string; step: string },
): number {
  return (order.get(stepKey(a)) ?? order.size) - (order.get(stepKey(b)) ?? order.size)
}
