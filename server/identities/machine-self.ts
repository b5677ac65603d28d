import type { z } from 'zod'
import type { MachineMe } from '#shared/contracts/machines'
import type { Machine } from '#server/scope'
import { identityError } from './identities.errors'
import type { OwnStanding } from './machine-self.store'

/**
 * What a machine, or a script with an API token, is here: itself, for whom it acts, and the vaults that it reaches.
 *
 * @throws AppError identity.unclaimed, where that has just been taken away
 */
export async function getOwnStanding(
  machine: Machine,
  { ownStanding }: { ownStanding(machine: Machine): Promise<OwnStanding | null> },
): Promise<z.output<typeof MachineMe>> {
  const { by, principal, tenant, scopes } = machine
  const known = await ownStanding(machine)
  if (!known) throw identityError('identity.unclaimed')
  return {
    identity: by.kind === 'machine' ? { handle: by.handle, did: by.did } : null,
    token: by.kind === 'token' ? { id: by.id, name: by.name } : null,
    principal: { id: principal.id, owner: known.owner, role: principal.role },
    tenant: { ...tenant, name: known.tenantName },
    scopes: scopes && [...scopes],
    vaults: known.vaults,
  }
}
