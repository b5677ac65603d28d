import { repairsDrift, type SettingsEnvironment } from '#server/domain/settings/settings'
import type { PlatformScope } from '#server/scope'

/** So many tenants are repaired by themselves at once, whoever asked for their repair: others wait for services too. */
const mostAtOnce = 10

/**
 * Asks for the repair of what sweeps found changed or missing of active tenants, where an operator wishes that; some
 * tenants at a time, each once for each time that a sweep saw it. What is ours and unknown to us is left to people, and
 * deletions wait for approval as in every run. To be called again and again.
 */
export async function repairFound(scope: PlatformScope, environment: SettingsEnvironment): Promise<void> {
  if (!(await repairsDrift(scope, environment))) return
  if ((await scope.stores.board.listRepairable(1)).length === 0) return
  const asked = await scope.transaction(async ({ board, ofTenant }) => {
    const free = mostAtOnce - (await board.countRepairing(mostAtOnce))
    const ids = free > 0 ? await board.listRepairable(free) : []
    for (const id of ids) {
      const { steps, drift, audit } = ofTenant(id)
      const runId = await steps.ask('drift')
      const things = await drift.repairingByItself(runId)
      await audit.record({
        action: 'drift.repair_requested',
        subject: { kind: 'tenant', id },
        after: { runId, things },
      })
    }
    return ids
  })
  for (const id of asked) scope.wake(id)
}
