import type { Clock } from '#server/lib/clock'
import type { DatabaseClient } from '#server/storage/database'
import { pageOfRows, toPage, type PageRequest } from '#server/storage/page'

export type BindingsStore = ReturnType<typeof bindingsStore>

/** Which members of one tenant reach which of its vaults, beside those who reach all. */
export function bindingsStore(db: DatabaseClient, clock: Clock, tenantId: string) {
  const own = { principal: { tenantId } }
  return {
    /** A page of the principals that are bound to a vault: members, machines and tokens of services. */
    async list(vaultId: string, request: PageRequest) {
      const { where, ...page } = pageOfRows(request, 'oldest first')
      const rows = await db.principal.findMany({
        where: { tenantId, ...where, bindings: { some: { vaultId } } },
        select: {
          id: true,
          userId: true,
          membership: { select: { user: { select: { name: true } } } },
          serviceAccount: { select: { name: true } },
          bindings: { where: { vaultId }, select: { createdAt: true } },
        },
        ...page,
      })
      const { items, nextCursor } = toPage(rows, request)
      return {
        nextCursor,
        items: items.map(({ id, userId, membership, serviceAccount, bindings }) => ({
          principalId: id,
          userId,
          name: membership?.user.name ?? serviceAccount?.name ?? '',
          createdAt: bindings[0]?.createdAt ?? clock.now(),
        })),
      }
    },

    /** Whether a principal is bound to a vault. */
    has: async (vaultId: string, principalId: string) =>
      (await db.principalVaultBinding.count({ where: { vaultId, principalId, ...own } })) > 0,

    /**
     * Takes a member's binding away. Where it was their default, the oldest of their others becomes it.
     *
     * @returns the member's principal; null where there was none
     */
    async unbindMember(vaultId: string, userId: string): Promise<string | null> {
      const principal = await db.principal.findUnique({
        where: { tenantId_userId: { tenantId, userId } },
        select: { id: true },
      })
      if (!principal) return null
      const principalId = principal.id
      const { count } = await db.principalVaultBinding.deleteMany({ where: { principalId, vaultId } })
      await this.settleDefault(principalId)
      return count > 0 ? principalId : null
    },

    /** Gives a principal that has vaults and no default one. */
    async settleDefault(principalId: string): Promise<void> {
      if (await db.principalVaultBinding.count({ where: { defaultOf: principalId } })) return
      const next = await db.principalVaultBinding.findFirst({
        where: { principalId, ...own },
        orderBy: [{ createdAt: 'asc' }, { vaultId: 'asc' }],
      })
      if (!next) return
      const { vaultId } = next
      await db.principalVaultBinding.update({
        where: { principalId_vaultId: { principalId, vaultId } },
        data: { defaultOf: principalId },
      })
    },

    /** Those whose default a vault is: to be settled once it is gone. */
    listDefaultsOf: async (vaultId: string) =>
      (
        await db.principalVaultBinding.findMany({
          where: { vaultId, defaultOf: { not: null }, ...own },
          select: { principalId: true },
        })
      ).map(({ principalId }) => principalId),
  }
}
