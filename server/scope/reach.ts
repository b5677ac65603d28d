import { isResting } from '#server/domain/tenants/tenants.policy'
import { mayInVault, type VaultPermission } from '#server/domain/vaults/vaults.policy'
import { findVault } from '#server/domain/vaults/vaults.store'
import { apiTokensStore } from '#server/identities/api-tokens.store'
import { findClaimed } from '#server/identities/machines.store'
import type { Clock } from '#server/lib/clock'
import type { DatabaseClient } from '#server/storage/database'

/** A person with their session, null for who came without one. */
interface Person {
  readonly userId: string
  readonly session: { readonly id: string } | null
}

/** A machine or token, and the principal that it acted for when it was let in. */
interface Acting {
  readonly by:
    | { readonly kind: 'machine'; readonly id: string; readonly did: string }
    | { readonly kind: 'token'; readonly id: string }
  readonly principal: { readonly id: string }
}

export type Reader = Person | Acting

/** What somebody who was let in may still do in a vault. */
export function vaultReach(db: DatabaseClient, clock: Clock, who: Reader, vaultId: string) {
  return {
    /**
     * By what is on record now, and not when they were let in. To be called within a transaction: what it allows holds
     * until that commits.
     */
    mayStill: (permission: VaultPermission): Promise<boolean> =>
      'by' in who
        ? machineMay(db, clock, who, { vaultId, permission })
        : personMay(db, who, { vaultId, permission }),
  }
}

interface Asked {
  readonly vaultId: string
  readonly permission: VaultPermission
}

async function personMay(db: DatabaseClient, { userId, session }: Person, { vaultId, permission }: Asked) {
  const found = await findVault(db, vaultId, { userId })
  if (!found || isResting(found.tenant.status)) return false
  const { role, isBound } = found
  if (!mayInVault({ role, isBound, isMachine: false }, permission, null)) return false
  const isThere = { id: userId, status: 'active' } as const
  const where = session ? { ...isThere, sessions: { some: { id: session.id } } } : isThere
  return (await db.user.count({ where })) > 0
}

async function machineMay(db: DatabaseClient, clock: Clock, { by, principal }: Acting, asked: Asked) {
  const found =
    by.kind === 'machine' ? await findClaimed(db, by) : await apiTokensStore(db, clock).findHolding(by.id)
  if (found?.id !== principal.id || isResting(found.tenant.status)) return false
  const { userId, memberRole, isUserActive, role, scopes, vaults } = found
  if (userId !== null && (memberRole === null || !isUserActive)) return false
  const isBound = vaults.some(({ id }) => id === asked.vaultId)
  return mayInVault({ role, isBound, isMachine: true }, asked.permission, scopes && new Set(scopes))
}
