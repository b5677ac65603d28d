import { z } from 'zod'
import { MachineScopes, type BoundVault, type MachineScope } from '#shared/contracts/machines'
import type { TenantRole, TenantStatus } from '#shared/contracts/tenants'

/** For whom a machine or a token acts, as it is on record now. */
export interface FoundPrincipal {
  id: string
  /** The member whose principal it is; null: a service's. */
  userId: string | null
  /** What it may do at most. */
  role: TenantRole
  /** What was granted to the machine or token itself; null: no less than the principal. */
  grantedRole: TenantRole | null
  /** What the member is in the tenant; null for a service. */
  memberRole: TenantRole | null
  /** Whether the member's account may be used; false for a service, which has none. */
  isUserActive: boolean
  tenant: { id: string; slug: string; name: string; status: TenantStatus }
  /** What the machine or token may do of that; null: all. */
  scopes: MachineScope[] | null
  /** The member's or the service's. */
  ownerName: string
  /** Those that it reaches, its default first. */
  vaults: BoundVault[]
}

/** What a statement gives with `standingColumns`, and the first two of what points at the principal. */
export interface StandingRow {
  /** Text or its value: the databases differ. */
  scopes: unknown
  grantedRole: TenantRole | null
  principalId: string | null
  userId: string | null
  role: TenantRole
  memberRole: TenantRole | null
  userStatus: string | null
  tenantId: string
  slug: string
  tenantStatus: TenantStatus
  tenantName: string
  userName: string | null
  serviceName: string | null
  vaultId: string | null
  vaultHandle: string | null
  defaultOf: string | null
}

/** Names of `standingColumns`, in their order. */
export const standingNames = [
  ...['principalId', 'userId', 'role', 'memberRole', 'userStatus', 'tenantId', 'slug', 'tenantStatus'],
  ...['tenantName', 'userName', 'serviceName', 'vaultId', 'vaultHandle', 'defaultOf'],
]

/** Of the principal `p`, for whom something acts, and what decides whether it may. */
export const standingColumns = `p."id" AS "principalId", p."userId", CAST(p."role" AS TEXT) AS "role",
  CAST(m."role" AS TEXT) AS "memberRole", CAST(u."status" AS TEXT) AS "userStatus",
  t."id" AS "tenantId", t."slug", CAST(t."status" AS TEXT) AS "tenantStatus", t."name" AS "tenantName",
  u."name" AS "userName", s."name" AS "serviceName",
  v."id" AS "vaultId", v."handle" AS "vaultHandle", b."defaultOf"`

/** The tables behind these, joined to `p`: a row for each vault that it reaches, and one where it reaches none. */
export const standingTables = `
  LEFT JOIN "Membership" m ON m."tenantId" = p."tenantId" AND m."userId" = p."userId"
  LEFT JOIN "User" u ON u."id" = p."userId"
  LEFT JOIN "Tenant" t ON t."id" = p."tenantId"
  LEFT JOIN "ServiceAccount" s ON s."id" = p."serviceAccountId"
  LEFT JOIN "PrincipalVaultBinding" b ON b."principalId" = p."id"
  LEFT JOIN "Vault" v ON v."id" = b."vaultId"`

const Scopes = z.preprocess(
  (value) => (typeof value === 'string' ? (JSON.parse(value) as unknown) : value),
  MachineScopes.nullable(),
)

/** Scopes as they are stored. @throws where they are not what was written: nobody is given more for it */
export const storedScopes = (value: unknown) => Scopes.parse(value ?? null)

/** The principal of a statement's rows. @returns null where it has none */
export function foundPrincipal(rows: readonly StandingRow[]): FoundPrincipal | null {
  const [row] = rows
  if (!row || row.principalId === null) return null
  const { principalId, userId, role, grantedRole, memberRole } = row
  const { userStatus, tenantId, slug, tenantStatus } = row
  return {
    ...{ id: principalId, userId, role, grantedRole, memberRole },
    isUserActive: userStatus === 'active',
    tenant: { id: tenantId, slug, name: row.tenantName, status: tenantStatus },
    scopes: storedScopes(row.scopes),
    ownerName: (userId === null ? row.serviceName : row.userName) ?? '',
    vaults: rows.flatMap(boundVault).sort(defaultFirst),
  }
}

function boundVault({ vaultId, vaultHandle, defaultOf }: StandingRow): BoundVault[] {
  if (vaultId === null || vaultHandle === null) return []
  return [{ id: vaultId, handle: vaultHandle, isDefault: defaultOf !== null }]
}

const defaultFirst = (one: BoundVault, other: BoundVault) =>
  Number(other.isDefault) - Number(one.isDefault) || (one.id < other.id ? -1 : 1)

/** A moment that was cast to text: PostgreSQL writes UTC without saying so. */
export function momentOf(text: string): Date {
  return new Date(/^\d{4}-\d\d-\d\d \d\d:\d\d:\d\d(\.\d+)?$/.test(text) ? `${text.replace(' ', 'T')}Z` : text)
}
