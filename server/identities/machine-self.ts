import type { z } from 'zod'
import type { MachineMe } from '#shared/contracts/machines'
import type { Machine } from '#server/scope'

/** What a machine, or a script with an API token, is here: itself, for whom it acts, and the vaults that it reaches. */
export function getOwnStanding({
  by,
  principal,
  tenant,
  scopes,
  vaults,
}: Machine): z.output<typeof MachineMe> {
  const { id, userId, name, role } = principal
  return {
    identity: by.kind === 'machine' ? { handle: by.handle, did: by.did } : null,
    token: by.kind === 'token' ? { id: by.id, name: by.name } : null,
    principal: {
      ...{ id, role },
      owner: userId === null ? { kind: 'service', name } : { kind: 'member', userId, name },
    },
    tenant: { ...tenant },
    scopes: scopes && [...scopes],
    vaults: [...vaults],
  }
}
