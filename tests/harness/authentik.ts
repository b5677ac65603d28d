import { createAuthentikPlanners, type AuthentikOptions } from '#server/integrations/authentik/client'
import { carryOut, desiredOf } from './provisioning'

/** The step `group` at Authentik, carried out at once. */
export function createGroupStep(options: AuthentikOptions) {
  const planner = createAuthentikPlanners(options).find(({ step }) => step === 'group')
  if (!planner) throw new Error('Authentik has no step group')
  return {
    planner,
    async apply(tenant: { id: string; slug: string; name: string }, signal: AbortSignal) {
      const { externalId } = await carryOut(planner, desiredOf(tenant), signal)
      return { externalId: externalId ?? '' }
    },
  }
}
