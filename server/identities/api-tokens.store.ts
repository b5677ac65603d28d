import type { MachineScope } from '#shared/contracts/machines'
import type { TenantRole } from '#shared/contracts/tenants'
import type { Clock } from '#server/lib/clock'
import { newId } from '#server/lib/ids'
import { raw } from '@prisma/client/runtime/client'
import type { DatabaseClient } from '#server/storage/database'
import { pageOfRows, toPage, type Page, type PageRequest } from '#server/storage/page'
import { whereUseIsOld } from './noted-use'
import {
  knownPrincipal,
  shownPrincipal,
  type KnownPrincipal,
  type KnownVault,
  type ShownPrincipalRow,
} from './principal-shown.store'
import {
  foundPrincipal,
  standingColumns,
  standingTables,
  storedScopes,
  type FoundPrincipal,
  type StandingRow,
} from './standing.store'

/** A token as it is used, with for whom it acts. */
export interface ActingToken {
  id: string
  name: string
  expiresAt: Date | null
  lastUsedAt: Date | null
  revokedAt: Date | null
  principal: FoundPrincipal | null
}

/** All API tokens of the platform: for those who come with one. */
export function apiTokensStore(db: DatabaseClient, clock: Clock) {
  return {
    /** The token of a hash with its principal, as they are now; in one statement, as on every request. */
    async findActing(tokenHash: string): Promise<ActingToken | null> {
      const rows = await db.$queryRaw<(Omit<ActingToken, 'principal'> & StandingRow)[]>`
        SELECT k."id", k."name", k."expiresAt", k."lastUsedAt", k."revokedAt",
          k."scopes", CAST(k."role" AS TEXT) AS "grantedRole", ${raw(standingColumns)}
        FROM "ApiToken" k
        LEFT JOIN "Principal" p ON p."id" = k."principalId"
        ${raw(standingTables)}
        WHERE k."tokenHash" = ${tokenHash}`
      const [row] = rows
      if (!row) return null
      const { id, name, expiresAt, lastUsedAt, revokedAt } = row
      return { id, name, expiresAt, lastUsedAt, revokedAt, principal: foundPrincipal(rows) }
    },

    /** The principal of a token that holds, as it is now; null: it holds no more. */
    async findHolding(id: string): Promise<FoundPrincipal | null> {
      const rows = await db.$queryRaw<({ expiresAt: Date | null } & StandingRow)[]>`
        SELECT k."expiresAt", k."scopes", CAST(k."role" AS TEXT) AS "grantedRole", ${raw(standingColumns)}
        FROM "ApiToken" k
        LEFT JOIN "Principal" p ON p."id" = k."principalId"
        ${raw(standingTables)}
        WHERE k."id" = ${id} AND k."revokedAt" IS NULL`
      const expiresAt = rows[0]?.expiresAt
      return expiresAt && expiresAt <= clock.now() ? null : foundPrincipal(rows)
    },

    /** Notes that it was used, once a minute. */
    async noteUse(id: string): Promise<void> {
      const now = clock.now()
      await db.apiToken.updateMany({
        where: { id, ...whereUseIsOld(now) },
        data: { lastUsedAt: now },
      })
    },
  }
}

/** A token of a tenant as its people see it. */
export interface TenantToken {
  id: string
  name: string
  ending: string
  createdAt: Date
  expiresAt: Date | null
  lastUsedAt: Date | null
  revokedAt: Date | null
  principal: KnownPrincipal
  grantedRole: TenantRole
  scopes: MachineScope[] | null
  vaults: KnownVault[]
}

type Row = Omit<TenantToken, 'principal' | 'grantedRole' | 'scopes' | 'vaults'> & {
  role: TenantRole
  scopes: unknown
  principal: ShownPrincipalRow
}

function toToken({ principal, role, scopes, ...row }: Row): TenantToken {
  return { ...row, ...knownPrincipal(principal), grantedRole: role, scopes: storedScopes(scopes) }
}

/** The API tokens of one tenant, bound. */
export function tenantTokensStore(db: DatabaseClient, clock: Clock, tenantId: string) {
  const include = { principal: shownPrincipal }
  return {
    /** A page of tokens, newest first; those too that hold no more. */
    async list(request: PageRequest): Promise<Page<TenantToken>> {
      const { where, ...page } = pageOfRows(request, 'newest first')
      const rows = await db.apiToken.findMany({ where: { tenantId, ...where }, ...page, include })
      const { items, nextCursor } = toPage(rows, request)
      return { items: items.map(toToken), nextCursor }
    },

    async find(id: string): Promise<TenantToken | null> {
      const row = await db.apiToken.findFirst({ where: { id, tenantId }, include })
      return row && toToken(row)
    },

    async create(token: {
      name: string
      tokenHash: string
      ending: string
      principalId: string
      role: TenantRole
      scopes: MachineScope[]
      createdById: string
      expiresAt: Date
    }): Promise<TenantToken> {
      const data = { ...token, id: newId(), tenantId, createdAt: clock.now() }
      return toToken(await db.apiToken.create({ data, include }))
    },

    /** Ends it, for good. @returns false where that was done before */
    async revoke(id: string): Promise<boolean> {
      const { count } = await db.apiToken.updateMany({
        where: { id, tenantId, revokedAt: null },
        data: { revokedAt: clock.now() },
      })
      return count > 0
    },

    /** The tokens that act for a member, and hold. */
    listOf: (userId: string) =>
      db.apiToken.findMany({
        where: { tenantId, principal: { userId }, revokedAt: null, expiresAt: { gt: clock.now() } },
        orderBy: { id: 'asc' },
        select: { id: true, name: true },
      }),
  }
}
