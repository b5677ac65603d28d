import type { LeaseStatus } from '#shared/contracts/vaults'
import type { Clock } from '#server/lib/clock'
import { newId } from '#server/lib/ids'
import type { DatabaseClient } from '#server/storage/database'
import { pageOfRows, toPage, type Page, type PageRequest } from '#server/storage/page'

export type LeaseRow = NonNullable<Awaited<ReturnType<DatabaseClient['secretLease']['findUnique']>>>
export type LeasesStore = ReturnType<typeof leasesStore>

/** Why a lease ended before its time. */
export type LeaseEnd =
  | 'returned'
  | 'revoked'
  | 'machine_revoked'
  | 'token_revoked'
  | 'scope_lost'
  | 'vault_lost'
  | 'vault_removed'
  | 'tenant_rests'

/** Whose leases a list shows: of one machine or token, of one member's principal, or all. */
export type LeaseHolder = { askedBy: string } | { userId: string } | 'everybody'

interface NewLease {
  vaultId: string
  principalId: string
  askedBy: string
  askedByName: string
  kind: 'secret' | 'minted'
  service: string
  name: string
  purpose: string
  expiresAt: Date
  endsLatest: Date
}

/** The leases of one tenant, bound. */
export function leasesStore(db: DatabaseClient, clock: Clock, tenantId: string) {
  const lasting = (now: Date) => ({ endedAt: null, expiresAt: { gt: now } })
  const endWhere = async (where: Record<string, unknown>, endReason: LeaseEnd): Promise<number> => {
    const now = clock.now()
    const { count } = await db.secretLease.updateMany({
      where: { tenantId, ...lasting(now), ...where },
      data: { endedAt: now, endReason },
    })
    return count
  }

  async function holderWhere(holder: LeaseHolder) {
    if (holder === 'everybody') return {}
    if ('askedBy' in holder) return holder
    const { userId } = holder
    const principal = await db.principal.findUnique({
      where: { tenantId_userId: { tenantId, userId } },
      select: { id: true },
    })
    return { principalId: principal?.id ?? '' }
  }

  return {
    /** A page of leases, newest first; those too that are over. */
    async list(
      request: PageRequest & { status?: LeaseStatus | undefined; vaultId?: string; holder: LeaseHolder },
    ): Promise<Page<LeaseRow>> {
      const { where, ...page } = pageOfRows(request, 'newest first')
      const now = clock.now()
      const byStatus = {
        active: lasting(now),
        expired: { endedAt: null, expiresAt: { lte: now } },
        revoked: { endedAt: { not: null } },
      }
      const rows = await db.secretLease.findMany({
        where: {
          ...{ tenantId, ...where, ...(await holderWhere(request.holder)) },
          ...(request.vaultId !== undefined && { vaultId: request.vaultId }),
          ...(request.status && byStatus[request.status]),
        },
        ...page,
      })
      return toPage(rows, request)
    },

    create: (lease: NewLease): Promise<LeaseRow> =>
      db.secretLease.create({ data: { ...lease, id: newId(), tenantId, createdAt: clock.now() } }),

    /** How many last that one machine or token asked for. */
    countOf: (askedBy: string) =>
      db.secretLease.count({ where: { tenantId, askedBy, ...lasting(clock.now()) } }),

    /** Notes that it was used. @returns false where it is over */
    async noteRead(id: string): Promise<boolean> {
      const now = clock.now()
      const { count } = await db.secretLease.updateMany({
        where: { id, tenantId, ...lasting(now) },
        data: { lastReadAt: now },
      })
      return count > 0
    },

    /** Lets it last longer, never shorter. @returns null where it is over */
    async renew(id: string, until: Date): Promise<LeaseRow | null> {
      const now = clock.now()
      const row = await db.secretLease.findFirst({ where: { id, tenantId, ...lasting(now) } })
      if (!row) return null
      const latest = new Date(Math.min(until.getTime(), row.endsLatest.getTime()))
      if (latest <= row.expiresAt) return row
      return db.secretLease.update({ where: { id }, data: { expiresAt: latest } })
    },

    /** @returns false where it was over before */
    end: async (id: string, reason: LeaseEnd) => (await endWhere({ id }, reason)) > 0,

    /** Ends what a machine or token has. @returns how many there were */
    endOf: (askedBy: string, reason: LeaseEnd) => endWhere({ askedBy }, reason),

    /** Ends what is lent of a vault. */
    endInVault: (vaultId: string, reason: LeaseEnd) => endWhere({ vaultId }, reason),

    /** Ends what a principal has of vaults that it reaches no more. */
    async endUnbound(principalId: string): Promise<number> {
      const bound = await db.principalVaultBinding.findMany({
        where: { principalId },
        select: { vaultId: true },
      })
      return endWhere({ principalId, vaultId: { notIn: bound.map(({ vaultId }) => vaultId) } }, 'vault_lost')
    },

    /** Ends all of the tenant. */
    endAll: (reason: LeaseEnd) => endWhere({}, reason),
  }
}

/** A lease by its id, for somebody of whom it is not yet known whether they may know of it. */
export const findLease = (db: DatabaseClient, id: string): Promise<LeaseRow | null> =>
  db.secretLease.findUnique({ where: { id } })

/** Leases of all tenants, for housekeeping. */
export function allLeasesStore(db: DatabaseClient) {
  return {
    /** Removes leases of secrets, and minted ones that are settled, that were over before a moment. @returns how many */
    async removeOver(before: Date): Promise<number> {
      const { count } = await db.secretLease.deleteMany({
        where: {
          AND: [
            { OR: [{ kind: 'secret' }, { settledAt: { not: null } }] },
            { OR: [{ endedAt: { lt: before } }, { endedAt: null, expiresAt: { lt: before } }] },
          ],
        },
      })
      return count
    },
  }
}
