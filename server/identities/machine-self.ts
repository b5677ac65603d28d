import type { z } from 'zod'
import type { MachineMe } from '#shared/contracts/machines'
import type { Machine, PlatformScope } from '#server/scope'
import { identityError } from './identities.errors'

/**
 * What a machine, or a script with an API token, is here: itself, for whom it acts, and the vaults that it reaches.
 *
 * @throws AppError identity.unclaimed, where that has just been taken away
 */
export async function getOwnStanding({
  machine: { by, principal, tenant, scopes },
  platform,
}: {
  machine: Machine
  platform: PlatformScope
}): Promise<z.output<typeof MachineMe>> {
  const { principals, tenant: own } = platform.stores.ofTenant(tenant.id)
  const [known, { name }] = await Promise.all([principals.find(principal.id), own.get()])
  if (!known) throw identityError('identity.unclaimed')
  const { id, owner } = known.principal
  return {
    identity: by.kind === 'machine' ? { handle: by.handle, did: by.did } : null,
    token: by.kind === 'token' ? { id: by.id, name: by.name } : null,
    principal: { id, owner, role: principal.role },
    tenant: { ...tenant, name },
    scopes: scopes && [...scopes],
    vaults: known.vaults,
  }
}
