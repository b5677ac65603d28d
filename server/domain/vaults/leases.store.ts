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
  | 'person_disabled'
  | 'place_left'
  | 'mint_failed'

/** Whose leases a list shows: of one machine or token, of one member's principal, or all. */
export type LeaseHolder = { askedBy: string } | { userId: string } | 'everybody'

interface NewLease {
  id?: string
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
  /** When a minted one is to be taken back at its service. */
  nextTryAt?: Date
  /** The tenant's own service that one is minted at, and what is signed in with there, sealed. */
  place?: string | null
  placeSealed?: string | null
}

/** The leases of one tenant, bound. */
export function leasesStore(db: DatabaseClient, clock: Clock, tenantId: string) {
  const lasting = (now: Date) => ({ endedAt: null, expiresAt: { gt: now } })
  const endWhere = async (where: Record<string, unknown>, endReason: LeaseEnd): Promise<number> => {
    const now = clock.now()
    const ended = { tenantId, ...lasting(now), ...where }
    const data = { endedAt: now, endReason }
    const secrets = await db.secretLease.updateMany({ where: { AND: [ended, { kind: 'secret' }] }, data })
    const minted = await db.secretLease.updateMany({
      where: { AND: [ended, { kind: 'minted' }] },
      data: { ...data, nextTryAt: now },
    })
    return secrets.count + minted.count
  }

  /** Whether who asked for a minted lease may still have it, and it was minted where the tenant is. */
  async function isHeld({ askedBy, principalId, vaultId, ...row }: LeaseRow): Promise<boolean> {
    if ((await placeNow(row.service)) !== row.place) return false
    const isOpen = await db.tenant.count({ where: { id: tenantId, status: { in: ['pending', 'active'] } } })
    const isBound = await db.principalVaultBinding.count({ where: { principalId, vaultId } })
    const machines = await db.identity.count({ where: { id: askedBy, tenantId, status: 'claimed' } })
    const lasts = { OR: [{ expiresAt: null }, { expiresAt: { gt: clock.now() } }] }
    const tokens = await db.apiToken.count({ where: { id: askedBy, tenantId, revokedAt: null, ...lasts } })
    return isOpen > 0 && isBound > 0 && machines + tokens > 0
  }

  /** The address of the tenant's own service; null: the platform's is used. */
  async function placeNow(service: string): Promise<string | null> {
    const own = service === 'ocis' ? ('ocis' as const) : ('authentik' as const)
    const where = { tenantId, service: own }
    return (await db.tenantConnection.findFirst({ where, select: { apiUrl: true } }))?.apiUrl ?? null
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

    create: ({ id = newId(), ...lease }: NewLease): Promise<LeaseRow> =>
      db.secretLease.create({ data: { ...lease, id, tenantId, createdAt: clock.now() } }),

    /** When what asks holds no more by itself: an API token. Null: never. */
    async holdsUntil(askedBy: string): Promise<Date | null> {
      const select = { expiresAt: true }
      return (await db.apiToken.findFirst({ where: { id: askedBy, tenantId }, select }))?.expiresAt ?? null
    },

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
      const where = { id, tenantId, settledAt: null, ...lasting(now) }
      const row = await db.secretLease.findFirst({ where })
      if (!row) return null
      const latest = new Date(Math.min(until.getTime(), row.endsLatest.getTime()))
      if (latest <= row.expiresAt) return row
      const isMinted = row.kind === 'minted'
      const data = { expiresAt: latest, ...(isMinted && { nextTryAt: latest }) }
      return db.secretLease.update({ where: { id }, data })
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

    /**
     * Notes that its token was minted, and for which account.
     *
     * @returns false where it is over, or who asked for it may not have it any more
     */
    async noteMinted(id: string, account: string): Promise<boolean> {
      const row = await db.secretLease.findFirst({ where: { id, tenantId, ...lasting(clock.now()) } })
      if (!row || !(await isHeld(row))) return false
      await db.secretLease.update({ where: { id }, data: { externalId: account } })
      return true
    },

    /** Ends a minted one whose token nobody has; what may have come to be is taken back, also where it was settled. */
    async takeBack(id: string, endReason: LeaseEnd): Promise<void> {
      const now = clock.now()
      await endWhere({ id }, endReason)
      await db.secretLease.updateMany({ where: { id, tenantId }, data: { settledAt: null, nextTryAt: now } })
    },

    /** Ends all of the tenant. */
    endAll: (reason: LeaseEnd) => endWhere({}, reason),

    /** Ends what was minted at a service where the tenant is no more. @param now its own address, or null for the platform's */
    endElsewhere: (service: string, now: string | null) =>
      endWhere(
        {
          kind: 'minted',
          service,
          ...(now === null ? { place: { not: null } } : { OR: [{ place: null }, { place: { not: now } }] }),
        },
        'place_left',
      ),
  }
}

/** A lease by its id, for somebody of whom it is not yet known whether they may know of it. */
export const findLease = (db: DatabaseClient, id: string): Promise<LeaseRow | null> =>
  db.secretLease.findUnique({ where: { id } })
