import type { Machine } from '#server/scope'
import type { Database } from '#server/storage/database'
import type { KnownPrincipal, KnownVault } from './principal-shown.store'

/** What of a machine's standing is not known from its call already. */
export interface OwnStanding {
  tenantName: string
  owner: KnownPrincipal['owner']
  /** The default one first; at most 50. */
  vaults: KnownVault[]
}

const columns = ['tenantName', 'userName', 'serviceName', 'vaultId', 'handle', 'defaultOf']
const statement = `
  SELECT t."name", u."name", s."name", v."id", v."handle", b."defaultOf"
  FROM "Principal" p
  JOIN "Tenant" t ON t."id" = p."tenantId"
  LEFT JOIN "User" u ON u."id" = p."userId"
  LEFT JOIN "ServiceAccount" s ON s."id" = p."serviceAccountId"
  LEFT JOIN "PrincipalVaultBinding" b ON b."principalId" = p."id"
  LEFT JOIN "Vault" v ON v."id" = b."vaultId"
  WHERE p."id" = ?
  ORDER BY CASE WHEN b."defaultOf" IS NULL THEN 1 ELSE 0 END, b."vaultId"
  LIMIT 50`

/** What a machine is told of itself, in one statement. @returns null where its principal is gone */
export async function findOwnStanding(
  database: Pick<Database, 'read'>,
  { principal: { id, userId } }: Machine,
): Promise<OwnStanding | null> {
  const rows = (await database.read(statement, columns, [id])) as Record<string, string | null>[]
  const [first] = rows
  if (!first) return null
  const { tenantName, userName, serviceName } = first
  return {
    tenantName: tenantName ?? '',
    owner:
      userId === null
        ? { kind: 'service', name: serviceName ?? '' }
        : { kind: 'member', userId, name: userName ?? '' },
    vaults: rows.flatMap(({ vaultId, handle, defaultOf }) =>
      vaultId && handle ? [{ id: vaultId, handle, isDefault: defaultOf !== null }] : [],
    ),
  }
}
