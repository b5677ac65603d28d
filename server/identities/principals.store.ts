import { connectionsHandle } from '#shared/contracts/vaults'
import type { TenantRole } from '#shared/contracts/tenants'
import type { Clock } from '#server/lib/clock'
import { newId } from '#server/lib/ids'
import type { DatabaseClient } from '#server/storage/database'
import { knownPrincipal, shownPrincipal } from './principal-shown.store'

/** Whom something is to act for. */
export type Owner = { userId: string } | { service: string }

/** Who acts in a tenant when a machine or a script does, and the vaults that they reach; bound to it. */
export function principalsStore(db: DatabaseClient, clock: Clock, tenantId: string) {
  async function serviceNamed(name: string): Promise<{ id: string; isNew: boolean }> {
    const found = await db.serviceAccount.findUnique({ where: { tenantId_name: { tenantId, name } } })
    if (found) return { id: found.id, isNew: false }
    const data = { id: newId(), tenantId, name, createdAt: clock.now() }
    return { id: (await db.serviceAccount.create({ data })).id, isNew: true }
  }

  /** Vaults that a principal can reach. */
  const reachable = { tenantId, handle: { not: connectionsHandle } }

  async function ownVaults(ids: readonly string[]): Promise<Set<string>> {
    const where = { ...reachable, id: { in: [...ids] } }
    const rows = await db.vault.findMany({ where, select: { id: true } })
    return new Set(rows.map(({ id }) => id))
  }

  /** A foreign key holds no tenant: what is bound to each other has to be looked at. */
  async function refuseForeign(principalId: string, vaultIds: readonly string[]): Promise<void> {
    const [principals, own] = [
      await db.principal.count({ where: { id: principalId, tenantId } }),
      await ownVaults(vaultIds),
    ]
    if (principals === 0 || vaultIds.some((id) => !own.has(id)))
      throw new Error('A principal or a vault of another tenant was to be bound')
  }

  return {
    /**
     * The principal of a member, or of a service, made where there is none; one that is there keeps its role. To be called
     * within a transaction.
     *
     * @returns `newService`: the id of the service that was made for it
     */
    async obtain(owner: Owner, role: TenantRole) {
      const service = 'service' in owner ? await serviceNamed(owner.service) : undefined
      const whose = 'userId' in owner ? { userId: owner.userId } : { serviceAccountId: service?.id ?? '' }
      const newService = service?.isNew ? service.id : undefined
      const found = await db.principal.findFirst({ where: { tenantId, ...whose } })
      if (found) return { id: found.id, role: found.role, newService }
      const data = { id: newId(), tenantId, role, createdAt: clock.now(), ...whose }
      const { id } = await db.principal.create({ data })
      return { id, role, newService }
    },

    /** One that is to be shown; null: it is gone. */
    async find(id: string) {
      const row = await db.principal.findFirst({ where: { id, tenantId }, ...shownPrincipal })
      return row && knownPrincipal(row)
    },

    async setRole(id: string, role: TenantRole): Promise<void> {
      await db.principal.updateMany({ where: { id, tenantId }, data: { role } })
    },

    /** Of these vaults, those that are the tenant's and can be reached. */
    ownVaults,

    /** The tenant's default vault, or its oldest. */
    async defaultVault(): Promise<string | null> {
      const select = { id: true }
      const named = await db.vault.findUnique({
        where: { tenantId_handle: { tenantId, handle: 'default' } },
        select,
      })
      const found = named ?? (await db.vault.findFirst({ where: reachable, orderBy: { id: 'asc' }, select }))
      return found?.id ?? null
    },

    /**
     * Lets a principal reach vaults beside those that it reaches; the first is its default where it had none. Within a
     * transaction.
     *
     * @throws Error where one of them is another tenant's
     */
    async addVaults(principalId: string, vaultIds: readonly string[]): Promise<void> {
      await refuseForeign(principalId, vaultIds)
      const bound = await db.principalVaultBinding.findMany({ where: { principalId } })
      const known = new Set(bound.map(({ vaultId }) => vaultId))
      const hasDefault = bound.some(({ defaultOf }) => defaultOf !== null)
      const createdAt = clock.now()
      const wanted = [...new Set(vaultIds)]
      const [first] = wanted
      if (!hasDefault && first !== undefined && known.has(first))
        await db.principalVaultBinding.update({
          where: { principalId_vaultId: { principalId, vaultId: first } },
          data: { defaultOf: principalId },
        })
      const data = wanted
        .filter((vaultId) => !known.has(vaultId))
        .map((vaultId) => ({
          ...{ principalId, vaultId, createdAt },
          defaultOf: !hasDefault && vaultId === first ? principalId : null,
        }))
      if (data.length > 0) await db.principalVaultBinding.createMany({ data })
    },

    /**
     * Lets a principal reach these vaults and no others; the first is its default. Within a transaction.
     *
     * @throws Error where one of them is another tenant's
     */
    async setVaults(principalId: string, vaultIds: readonly string[]): Promise<void> {
      await refuseForeign(principalId, vaultIds)
      const [first, ...others] = [...new Set(vaultIds)]
      await db.principalVaultBinding.deleteMany({ where: { principalId } })
      const createdAt = clock.now()
      const data = [first, ...others]
        .filter((vaultId) => vaultId !== undefined)
        .map((vaultId) => ({
          ...{ principalId, vaultId, createdAt },
          defaultOf: vaultId === first ? principalId : null,
        }))
      await db.principalVaultBinding.createMany({ data })
    },
  }
}
