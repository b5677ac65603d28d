import type { TenantRole, TenantStatus } from '#shared/contracts/tenants'
import type { Clock } from '#server/lib/clock'
import { newId } from '#server/lib/ids'
import type { DatabaseClient } from '#server/storage/database'
import { pageOfRows, toPage, type PageRequest } from '#server/storage/page'

/** The vault that every tenant has. */
export const defaultHandle = 'default'

export interface VaultRow {
  id: string
  handle: string
  isDefault: boolean
  createdAt: Date
}

/** A vault and its tenant, as somebody finds it who asks for it by its id. */
export interface FoundVault {
  id: string
  handle: string
  tenant: { id: string; slug: string; status: TenantStatus }
  /** What the asking user is in the tenant; null: no member, or it was no user who asked. */
  role: TenantRole | null
  /** Whether the asking principal is bound to it. */
  isBound: boolean
}

export type VaultsStore = ReturnType<typeof vaultsStore>

/** The vaults of one tenant, bound. */
export function vaultsStore(db: DatabaseClient, clock: Clock, tenantId: string) {
  const toRow = ({ id, handle, createdAt }: { id: string; handle: string; createdAt: Date }): VaultRow => ({
    ...{ id, handle, createdAt },
    isDefault: handle === defaultHandle,
  })
  return {
    /** A page of the vaults, oldest first. */
    async list(request: PageRequest) {
      const { where, ...page } = pageOfRows(request, 'oldest first')
      const rows = await db.vault.findMany({ where: { tenantId, ...where }, ...page })
      const { items, nextCursor } = toPage(rows, request)
      return { items: items.map(toRow), nextCursor }
    },

    /** @throws a unique violation where the handle is taken */
    async create(handle: string): Promise<VaultRow> {
      return toRow(await db.vault.create({ data: { id: newId(), tenantId, handle, createdAt: clock.now() } }))
    },

    /** To be called in the transaction that makes the tenant. */
    createDefault(): Promise<VaultRow> {
      return this.create(defaultHandle)
    },
  }
}

/**
 * Finds a vault by its id, for somebody of whom it is not yet known whether they may reach it.
 *
 * @param who the user, or the principal of a machine
 */
export async function findVault(
  db: DatabaseClient,
  id: string,
  who: { userId: string } | { principalId: string },
): Promise<FoundVault | null> {
  const members =
    'userId' in who ? { where: who, select: { role: true } } : { take: 0, select: { role: true } }
  const bound = 'userId' in who ? { principal: { userId: who.userId } } : who
  const row = await db.vault.findUnique({
    where: { id },
    select: {
      id: true,
      handle: true,
      tenant: { select: { id: true, slug: true, status: true, members } },
      bindings: { where: bound, select: { vaultId: true }, take: 1 },
    },
  })
  if (!row) return null
  const { members: standing, ...tenant } = row.tenant
  return {
    ...{ id, handle: row.handle, tenant },
    role: standing[0]?.role ?? null,
    isBound: row.bindings.length > 0,
  }
}
