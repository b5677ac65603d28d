import type { TenantRole, TenantStatus } from '#shared/contracts/tenants'
import { connectionsHandle } from '#shared/contracts/vaults'
import type { Clock } from '#server/lib/clock'
import { newId } from '#server/lib/ids'
import type { DatabaseClient } from '#server/storage/database'
import { pageOfRows, toPage, type PageRequest } from '#server/storage/page'
import { defaultHandle } from './vaults.policy'

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
  const ordinary = { tenantId, handle: { not: connectionsHandle } }
  return {
    /** A page of the vaults, oldest first. */
    async list(request: PageRequest) {
      const { where, ...page } = pageOfRows(request, 'oldest first')
      const rows = await db.vault.findMany({ where: { ...ordinary, ...where }, ...page })
      const { items, nextCursor } = toPage(rows, request)
      return { items: items.map(toRow), nextCursor }
    },

    /** A page of those that a principal is bound to; `isDefault` is its own then. */
    async listBound(principalId: string, request: PageRequest) {
      const { where, ...page } = pageOfRows(request, 'oldest first')
      const rows = await db.vault.findMany({
        where: { ...ordinary, ...where, bindings: { some: { principalId } } },
        include: { bindings: { where: { principalId }, select: { defaultOf: true } } },
        ...page,
      })
      const { items, nextCursor } = toPage(rows, request)
      const own = items.map(({ bindings, ...row }) => ({
        ...toRow(row),
        isDefault: bindings.some(({ defaultOf }) => defaultOf !== null),
      }))
      return { items: own, nextCursor }
    },

    async find(id: string): Promise<VaultRow | null> {
      const row = await db.vault.findFirst({ where: { id, ...ordinary } })
      return row && toRow(row)
    },

    count: () => db.vault.count({ where: ordinary }),

    /** @returns whether there was one */
    async remove(id: string): Promise<boolean> {
      return (await db.vault.deleteMany({ where: { id, ...ordinary } })).count > 0
    },

    /** @throws a unique violation where the handle is taken */
    async create(handle: string): Promise<VaultRow> {
      return toRow(await db.vault.create({ data: { id: newId(), tenantId, handle, createdAt: clock.now() } }))
    },

    /** The one for connections, made where it is not there yet. To be called within a transaction. @returns its id */
    async obtainForConnections(): Promise<string> {
      const found = await db.vault.findFirst({
        where: { tenantId, handle: connectionsHandle },
        select: { id: true },
      })
      return found?.id ?? (await this.create(connectionsHandle)).id
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
    where: { id, handle: { not: connectionsHandle } },
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
