import { DbNull } from '@prisma/client/runtime/client'
import type { IdentityStatus, MachineScope } from '#shared/contracts/machines'
import type { TenantRole } from '#shared/contracts/tenants'
import type { Clock } from '#server/lib/clock'
import type { DatabaseClient } from '#server/storage/database'
import { pageOfRows, toPage, type Page, type PageRequest } from '#server/storage/page'
import {
  knownPrincipal,
  shownPrincipal,
  type KnownPrincipal,
  type KnownVault,
  type ShownPrincipalRow,
} from './principal-shown.store'
import { storedScopes } from './standing.store'

/** A machine of a tenant, with what was granted to it. */
export interface TenantMachine {
  id: string
  handle: string
  did: string
  status: IdentityStatus
  address: string | null
  rotationAsked: boolean
  keyChangedAt: Date
  createdAt: Date
  claimedAt: Date | null
  lastUsedAt: Date | null
  revokedAt: Date | null
  version: number
  /** Null: whoever it acted for is gone. */
  principal: KnownPrincipal | null
  grantedRole: TenantRole | null
  scopes: MachineScope[] | null
  vaults: KnownVault[]
}

/** What is granted to a machine that is claimed. */
export interface Grant {
  principalId: string
  role: TenantRole
  scopes: MachineScope[] | null
  decidedById: string
}

const accepted = {
  claims: {
    where: { status: 'accepted' },
    select: { role: true, scopes: true, decidedAt: true, principal: shownPrincipal },
  },
} as const

type IdentityColumns = Omit<TenantMachine, 'principal' | 'grantedRole' | 'scopes' | 'vaults' | 'claimedAt'>
type Row = IdentityColumns & {
  claims: {
    role: TenantRole | null
    scopes: unknown
    decidedAt: Date | null
    principal: ShownPrincipalRow | null
  }[]
}

function toMachine({ claims: [claim], ...row }: Row): TenantMachine {
  const known = claim?.principal ? knownPrincipal(claim.principal) : undefined
  return {
    ...row,
    claimedAt: claim?.decidedAt ?? null,
    principal: known?.principal ?? null,
    grantedRole: claim?.role ?? null,
    scopes: storedScopes(claim?.scopes),
    vaults: known?.vaults ?? [],
  }
}

/** The machines of one tenant, bound: those that were claimed for it. */
export function tenantMachinesStore(db: DatabaseClient, clock: Clock, tenantId: string) {
  return {
    /** A page of machines, newest first. */
    async list(request: PageRequest & { status?: IdentityStatus | undefined }): Promise<Page<TenantMachine>> {
      const { where, ...page } = pageOfRows(request, 'newest first')
      const status = request.status && { status: request.status }
      const rows = await db.identity.findMany({
        where: { tenantId, ...where, ...status },
        ...page,
        include: accepted,
      })
      const { items, nextCursor } = toPage(rows, request)
      return { items: items.map(toMachine), nextCursor }
    },

    async find(handle: string): Promise<TenantMachine | null> {
      const row = await db.identity.findFirst({ where: { tenantId, handle }, include: accepted })
      return row && toMachine(row)
    },

    /**
     * Makes a machine that nobody has yet the tenant's own. To be called within a transaction: of several who accept at
     * once, one alone finds it pending.
     *
     * @returns false where it does not ask to be claimed, or no more
     */
    async claim(identityId: string, { principalId, role, scopes, decidedById }: Grant): Promise<boolean> {
      const { count } = await db.identity.updateMany({
        where: { id: identityId, status: 'pending', tenantId: null },
        data: { status: 'claimed', tenantId, version: { increment: 1 } },
      })
      if (count === 0) return false
      await db.identityClaim.update({
        where: { identityId_status: { identityId, status: 'pending' } },
        data: {
          ...{ principalId, role, decidedById, status: 'accepted', decidedAt: clock.now() },
          ...(scopes && { scopes }),
        },
      })
      return true
    },

    /**
     * Changes what is granted to a machine that is claimed.
     *
     * @returns whether it was changed: false where it is not claimed any more, or `version` is no longer its own
     */
    async regrant(
      identityId: string,
      grant: { role?: TenantRole | undefined; scopes?: MachineScope[] | null | undefined },
      version?: number,
    ): Promise<boolean> {
      const { count } = await db.identity.updateMany({
        where: { id: identityId, tenantId, status: 'claimed', ...(version !== undefined && { version }) },
        data: { version: { increment: 1 } },
      })
      if (count === 0) return false
      const { role, scopes } = grant
      await db.identityClaim.update({
        where: { identityId_status: { identityId, status: 'accepted' } },
        data: { ...(role && { role }), ...(scopes !== undefined && { scopes: scopes ?? DbNull }) },
      })
      return true
    },

    /** Takes everything from it, for good. @returns false where that was done before */
    async revoke(identityId: string): Promise<boolean> {
      const { count } = await db.identity.updateMany({
        where: { id: identityId, tenantId, status: { not: 'revoked' } },
        data: { status: 'revoked', revokedAt: clock.now(), version: { increment: 1 } },
      })
      return count > 0
    },

    /** Asks it to take another key. @returns false where it is not claimed */
    async askRotation(identityId: string): Promise<boolean> {
      const { count } = await db.identity.updateMany({
        where: { id: identityId, tenantId, status: 'claimed' },
        data: { rotationAsked: true, version: { increment: 1 } },
      })
      return count > 0
    },

    /** Takes everything from the machines that act for a member who leaves. @returns ids, and handles as names */
    async revokeOf(userId: string): Promise<{ id: string; name: string }[]> {
      const found = await db.identity.findMany({
        where: {
          ...{ tenantId, status: 'claimed' },
          claims: { some: { status: 'accepted', principal: { userId } } },
        },
        orderBy: { id: 'asc' },
        select: { id: true, handle: true },
      })
      if (found.length === 0) return []
      await db.identity.updateMany({
        where: { id: { in: found.map(({ id }) => id) } },
        data: { status: 'revoked', revokedAt: clock.now(), version: { increment: 1 } },
      })
      return found.map(({ id, handle }) => ({ id, name: handle }))
    },
  }
}
