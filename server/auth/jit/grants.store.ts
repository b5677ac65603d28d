import type { DatabaseClient } from '#server/storage/database'

/** Slugs that are asked for in one query. */
const chunk = 500

export type GrantsStore = ReturnType<typeof grantsStore>

/** What the groups of a person say of tenants, over all tenants. */
export function grantsStore(db: DatabaseClient) {
  return {
    /** The memberships that a provider's groups have given to a user. */
    async given(userId: string) {
      const rows = await db.membership.findMany({
        where: { userId, source: 'idp' },
        select: { tenantId: true, role: true, tenant: { select: { slug: true } } },
        orderBy: { tenantId: 'asc' },
      })
      return rows.map(({ tenantId, role, tenant }) => ({ tenantId, role, slug: tenant.slug }))
    },

    /**
     * The tenants of these slugs that the user is no member of. Not those that are being deleted: after a restoration
     * the next login finds them.
     *
     * @param slugs of a slug's form, each once
     */
    async missing(userId: string, slugs: readonly string[]): Promise<string[]> {
      const ids: string[] = []
      for (let start = 0; start < slugs.length; start += chunk) {
        const rows = await db.tenant.findMany({
          where: {
            slug: { in: slugs.slice(start, start + chunk) },
            status: { not: 'deleting' },
            members: { none: { userId } },
          },
          select: { id: true },
          orderBy: { id: 'asc' },
        })
        ids.push(...rows.map(({ id }) => id))
      }
      return ids
    },
  }
}
