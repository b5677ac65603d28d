import type { Machine, UpdateMachine } from '#shared/contracts/machines'
import { outranks } from '#server/domain/tenants/tenants'
import { addSeconds } from '#server/lib/clock'
import type { PlatformScope, TenantScope } from '#server/scope'
import type { PageRequest } from '#server/storage/page'
import { fingerprintOf } from './did'
import { grantSaid, refuseStrangeVaults, refuseUngrantable } from './granting'
import { identityError } from './identities.errors'
import { showPrincipal } from './principal-shown'
import type { TenantMachine } from './tenant-machines.store'

export { identityError } from './identities.errors'

/** A machine as it is shown, with the version that changes of it are held against. */
export function showMachine({ principal, grantedRole, ...machine }: TenantMachine) {
  return {
    ...machine,
    fingerprint: fingerprintOf(machine.did),
    principal: principal && showPrincipal({ ...principal, grantedRole }),
  }
}

/** A page of the tenant's machines, newest first; those too that were revoked. */
export async function listMachines(
  scope: TenantScope,
  request: PageRequest & { status?: Machine['status'] | undefined },
) {
  const { items, nextCursor } = await scope.stores.machines.list(request)
  return { items: items.map(showMachine), nextCursor }
}

/** @throws AppError identity.not_found */
export async function getMachine(scope: TenantScope, handle: string) {
  const machine = await scope.stores.machines.find(handle)
  if (!machine) throw identityError('identity.not_found')
  return showMachine(machine)
}

/**
 * Changes what a machine may do, and the vaults that it reaches with all that acts for the same principal.
 *
 * @param version that the caller saw; undefined: whatever it is now
 * @throws AppError identity.not_found, identity.not_claimed, identity.changed_meanwhile, vault.not_found; those of
 *   `refuseUngrantable`
 */
export async function changeMachine(
  scope: TenantScope,
  handle: string,
  { scopes, role, vaults }: UpdateMachine,
  version?: number,
) {
  const changed = await scope.transaction(async (stores) => {
    const { machines, principals, leases, audit } = stores
    const before = await machines.find(handle)
    if (!before) throw identityError('identity.not_found')
    if (before.status !== 'claimed' || !before.principal) throw identityError('identity.not_claimed')
    const { principal } = before
    const had = { role: before.grantedRole ?? principal.role, scopes: before.scopes }
    const has = { role: role ?? had.role, scopes: scopes === undefined ? had.scopes : scopes }
    await refuseUngrantable(stores, has)
    if (!(await machines.regrant(before.id, { role, scopes }, version)))
      throw identityError('identity.changed_meanwhile')
    if (outranks(has.role, principal.role)) await principals.setRole(principal.id, has.role)
    if (has.scopes && !has.scopes.includes('secrets:lease')) await leases.endOf(before.id, 'scope_lost')
    if (vaults) {
      await refuseStrangeVaults(stores, vaults)
      await principals.setVaults(principal.id, vaults)
      await leases.endUnbound(principal.id)
    }
    const after = await machines.find(handle)
    if (!after) throw identityError('identity.not_found')
    await audit.record({
      action: 'identity.changed',
      subject: { kind: 'machine', id: before.id },
      before: { ...grantSaid(had), vaults: vaultsSaid(before) },
      after: { ...grantSaid(has), vaults: vaultsSaid(after) },
    })
    return after
  })
  return showMachine(changed)
}

const vaultsSaid = ({ vaults }: Pick<TenantMachine, 'vaults'>) => vaults.map(({ handle }) => handle).join(' ')

/**
 * Takes everything from a machine, for good: its next call fails on every replica. Done again, it changes nothing.
 *
 * @throws AppError identity.not_found
 */
export async function revokeMachine(scope: TenantScope, handle: string): Promise<void> {
  await scope.transaction(async ({ machines, leases, audit }) => {
    const machine = await machines.find(handle)
    if (!machine) throw identityError('identity.not_found')
    if (!(await machines.revoke(machine.id))) return
    await leases.endOf(machine.id, 'machine_revoked')
    await audit.record({
      action: 'identity.revoked',
      subject: { kind: 'machine', id: machine.id },
      before: { status: machine.status },
      after: { status: 'revoked' },
    })
  })
}

/**
 * Asks a machine to take another key: it reads so when it asks about itself. Its present key goes on until then.
 *
 * @throws AppError identity.not_found, identity.not_claimed
 */
export async function askRotation(scope: TenantScope, handle: string) {
  const asked = await scope.transaction(async ({ machines, audit }) => {
    const machine = await machines.find(handle)
    if (!machine) throw identityError('identity.not_found')
    if (machine.rotationAsked) return machine
    if (!(await machines.askRotation(machine.id))) throw identityError('identity.not_claimed')
    await audit.record({
      action: 'identity.rotation_asked',
      subject: { kind: 'machine', id: machine.id },
      after: { fingerprint: fingerprintOf(machine.did) },
    })
    return { ...machine, rotationAsked: true, version: machine.version + 1 }
  })
  return showMachine(asked)
}

/** How long a machine that nobody claims keeps its handle. */
const unclaimedSeconds = 86_400

/** Removes the machines that nobody has claimed for a day: they may register again. @returns how many */
export function removeUnclaimedMachines({ stores, clock }: PlatformScope): Promise<number> {
  return stores.machines.removeUnclaimed(addSeconds(clock.now(), -unclaimedSeconds))
}
