import type { IdentityStatus } from '#shared/contracts/machines'
import type { Clock } from '#server/lib/clock'
import { newId } from '#server/lib/ids'
import { raw } from '@prisma/client/runtime/client'
import type { Database, DatabaseClient } from '#server/storage/database'
import { whereUseIsOld } from './noted-use'
import { knownVaults, reachedVaults } from './principal-shown.store'
import {
  foundPrincipal,
  momentOf,
  standingColumns,
  standingNames,
  standingTables,
  type FoundPrincipal,
  type StandingRow,
} from './standing.store'

/** An identity as it proves itself, with for whom it acts. */
export interface ActingIdentity {
  id: string
  handle: string
  did: string
  status: IdentityStatus
  lastUsedAt: Date | null
  /** Null: nobody has accepted it, or whoever did is gone. */
  principal: FoundPrincipal | null
}

/** Where a registration came from, as far as it told. */
export interface RegistrationOrigin {
  address: string | null
  userAgent: string | null
}

export type MachinesStore = ReturnType<typeof machinesStore>
export type IdentityRow = NonNullable<Awaited<ReturnType<DatabaseClient['identity']['findUnique']>>>

/** All machine identities of the platform, whose ever they are: for those who prove themselves, and their claims. */
export function machinesStore(db: DatabaseClient, clock: Clock) {
  return {
    find: (id: string) => db.identity.findUnique({ where: { id } }),

    findByDid: (did: string) => db.identity.findUnique({ where: { did } }),

    findByHandle: (handle: string) => db.identity.findUnique({ where: { handle } }),

    /**
     * Makes an identity that asks to be claimed.
     *
     * @throws a unique violation where the handle or the key is taken
     */
    async register(identity: { handle: string; did: string } & RegistrationOrigin): Promise<IdentityRow> {
      const now = clock.now()
      const row = await db.identity.create({
        data: { ...identity, id: newId(), keyChangedAt: now, createdAt: now },
      })
      await db.identityClaim.create({ data: { id: newId(), identityId: row.id, createdAt: now } })
      return row
    },

    /**
     * Lets one that was rejected, or whose claim nobody has opened in time, ask to be claimed again.
     *
     * @returns whether it now asks; false where it is claimed or revoked
     */
    async askAgain(id: string, origin: RegistrationOrigin): Promise<boolean> {
      const { count } = await db.identity.updateMany({
        where: { id, status: { in: ['pending', 'rejected'] } },
        data: { ...origin, status: 'pending', version: { increment: 1 } },
      })
      if (count === 0) return false
      await db.identityClaim.deleteMany({ where: { identityId: id } })
      await db.identityClaim.create({ data: { id: newId(), identityId: id, createdAt: clock.now() } })
      return true
    },

    /**
     * Puts another key in place of the present one, which proves nothing from then on.
     *
     * @returns whether it was changed: false where `from` is its key no more, or it was revoked
     * @throws a unique violation where another identity has the key
     */
    async changeKey(id: string, { from, to }: { from: string; to: string }): Promise<boolean> {
      const { count } = await db.identity.updateMany({
        where: { id, did: from, status: { not: 'revoked' } },
        data: { did: to, keyChangedAt: clock.now(), rotationAsked: false, version: { increment: 1 } },
      })
      return count > 0
    },

    /** For good. @returns false where it was revoked before */
    async revoke(id: string): Promise<boolean> {
      const { count } = await db.identity.updateMany({
        where: { id, status: { not: 'revoked' } },
        data: { status: 'revoked', revokedAt: clock.now(), version: { increment: 1 } },
      })
      return count > 0
    },

    /** What an identity sees of where it acts: its tenant's slug and the vaults that it reaches; null: nobody claimed it. */
    async findPlace(id: string) {
      const claim = await db.identityClaim.findUnique({
        where: { identityId_status: { identityId: id, status: 'accepted' } },
        select: {
          principal: {
            select: {
              tenant: { select: { slug: true } },
              bindings: reachedVaults,
            },
          },
        },
      })
      if (!claim?.principal) return null
      const { tenant, bindings } = claim.principal
      return { tenant: tenant.slug, vaults: knownVaults(bindings) }
    },

    /** Notes that it has proved itself, once a minute. */
    async noteUse(id: string): Promise<void> {
      const now = clock.now()
      await db.identity.updateMany({
        where: { id, ...whereUseIsOld(now) },
        data: { lastUsedAt: now },
      })
    },

    /** Removes those that nobody has claimed since a moment: their handles are free again. @returns how many */
    async removeUnclaimed(since: Date): Promise<number> {
      const where = { status: { in: ['pending', 'rejected'] as IdentityStatus[] }, createdAt: { lt: since } }
      return (await db.identity.deleteMany({ where })).count
    },
  }
}

const actingColumns = ['id', 'handle', 'status', 'lastUsedAt', 'scopes', 'grantedRole', ...standingNames]
const actingStatement = `
  SELECT i."id", i."handle", CAST(i."status" AS TEXT), CAST(i."lastUsedAt" AS TEXT),
    c."scopes", CAST(c."role" AS TEXT), ${standingColumns}
  FROM "Identity" i
  LEFT JOIN "IdentityClaim" c ON c."identityId" = i."id" AND c."status" = 'accepted'
  LEFT JOIN "Principal" p ON p."id" = c."principalId"
  ${standingTables}
  WHERE i."did" = ?`

/**
 * The identity of a key with its principal, as they are now. Read on every request of a machine, so in one statement, and
 * by the driver itself.
 */
export async function findActing(
  database: Pick<Database, 'read'>,
  did: string,
): Promise<ActingIdentity | null> {
  const rows = (await database.read(actingStatement, actingColumns, [did])) as unknown as ActingRow[]
  const [row] = rows
  if (!row) return null
  const { id, handle, status, lastUsedAt } = row
  const usedAt = lastUsedAt === null ? null : momentOf(lastUsedAt)
  return { id, handle, did, status, lastUsedAt: usedAt, principal: foundPrincipal(rows) }
}

/** The principal of a machine that is claimed and has this key, as it is now; null: it is or has not, any more. */
export async function findClaimed(
  db: DatabaseClient,
  { id, did }: { id: string; did: string },
): Promise<FoundPrincipal | null> {
  const rows = await db.$queryRaw<StandingRow[]>`
    SELECT c."scopes", CAST(c."role" AS TEXT) AS "grantedRole", ${raw(standingColumns)}
    FROM "Identity" i
    LEFT JOIN "IdentityClaim" c ON c."identityId" = i."id" AND c."status" = 'accepted'
    LEFT JOIN "Principal" p ON p."id" = c."principalId"
    ${raw(standingTables)}
    WHERE i."id" = ${id} AND i."did" = ${did} AND i."status" = 'claimed'`
  return foundPrincipal(rows)
}

interface ActingRow extends StandingRow {
  id: string
  handle: string
  status: IdentityStatus
  lastUsedAt: string | null
}
