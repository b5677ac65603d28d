import type { Clock } from '#server/lib/clock'
import type { DatabaseClient } from '#server/storage/database'
import { pageOfRows, toPage, type PageRequest } from '#server/storage/page'

/** The services of one tenant that machines act for, bound. */
export function serviceAccountsStore(db: DatabaseClient, clock: Clock, tenantId: string) {
  /** What acts for a principal, and can. */
  const acting = () =>
    ({
      claims: { where: { status: 'accepted', identity: { status: 'claimed' } } },
      tokens: { where: { revokedAt: null, expiresAt: { gt: clock.now() } } },
    }) as const
  const include = () => ({ principal: { select: { _count: { select: acting() } } } })
  type Row = {
    id: string
    name: string
    createdAt: Date
    principal: { _count: { claims: number; tokens: number } } | null
  }
  const toAccount = ({ id, name, createdAt, principal }: Row) => ({
    ...{ id, name, createdAt },
    machines: principal?._count.claims ?? 0,
    tokens: principal?._count.tokens ?? 0,
  })

  return {
    /** A page of services, oldest first, each with how much acts for it. */
    async list(request: PageRequest) {
      const { where, ...page } = pageOfRows(request, 'oldest first')
      const rows = await db.serviceAccount.findMany({
        where: { tenantId, ...where },
        ...page,
        include: include(),
      })
      const { items, nextCursor } = toPage(rows, request)
      return { items: items.map(toAccount), nextCursor }
    },

    async find(id: string) {
      const row = await db.serviceAccount.findFirst({ where: { id, tenantId }, include: include() })
      return row && toAccount(row)
    },

    /** With its principal, and what belonged to that. */
    async remove(id: string): Promise<void> {
      await db.serviceAccount.deleteMany({ where: { id, tenantId } })
    },
  }
}
