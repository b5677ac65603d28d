import type { TenantStatus } from '#shared/contracts/tenants'
import type { DatabaseClient } from '#server/storage/database'
import { vaultKeyId } from '#server/vault/vault'

interface Deletion {
  readonly status: TenantStatus
  readonly purgeAt: Date | null
}

/** The newest run that purges; of a deletion that was taken back too. */
export const newestPurge = {
  where: { cause: 'purged' },
  orderBy: { id: 'desc' },
  take: 1,
  select: { startedAt: true },
} as const

/**
 * Whether the tenant's purge was asked for. From then on every replica works on it, also one whose clock is behind, and
 * whichever run ends it: what was asked for before a deletion was taken back does not count.
 */
export function isPurge({ status, purgeAt }: Deletion, newest: { startedAt: Date } | undefined): boolean {
  return status === 'deleting' && purgeAt !== null && newest !== undefined && newest.startedAt >= purgeAt
}

/** The same, read. */
export async function isPurgeAsked(db: DatabaseClient, tenantId: string): Promise<boolean> {
  const tenant = await db.tenant.findUnique({
    where: { id: tenantId },
    select: { status: true, purgeAt: true, runs: newestPurge },
  })
  return tenant !== null && isPurge(tenant, tenant.runs[0])
}

/** A tenant whose time of grace is over. */
export interface OverdueTenant {
  id: string
  purgeAt: Date
}

export interface OverduePage {
  after: OverdueTenant | undefined
  limit: number
}

/** A page of the tenants whose time of grace is over, those first that wait longest. */
export async function listOverdue(
  db: DatabaseClient,
  now: Date,
  page: OverduePage,
): Promise<OverdueTenant[]> {
  const { after } = page
  const behind = after && {
    OR: [{ purgeAt: { gt: after.purgeAt } }, { purgeAt: after.purgeAt, id: { gt: after.id } }],
  }
  const rows = await db.tenant.findMany({
    where: { status: 'deleting', purgeAt: { lte: now }, ...behind },
    orderBy: [{ purgeAt: 'asc' }, { id: 'asc' }],
    take: page.limit,
    select: { id: true, purgeAt: true },
  })
  return rows.flatMap(({ id, purgeAt }) => (purgeAt ? [{ id, purgeAt }] : []))
}

/** What is to be known of a tenant before its purge is asked for. @returns null where it is gone */
export async function readPurge(db: DatabaseClient, tenantId: string) {
  const tenant = await db.tenant.findUnique({
    where: { id: tenantId },
    select: {
      status: true,
      purgeAt: true,
      runs: newestPurge,
      steps: { where: { status: { in: ['pending', 'running', 'error'] } }, select: { nextAttemptAt: true } },
    },
  })
  if (!tenant) return null
  const { runs, steps, ...deletion } = tenant
  return {
    ...deletion,
    /** Whether nothing is left of it at the services. */
    isDone: steps.length === 0,
    askedAt: isPurge(deletion, runs[0]) ? (runs[0]?.startedAt ?? null) : null,
    /** Whether nothing more happens by itself. */
    hasStopped: steps.every(({ nextAttemptAt }) => nextAttemptAt === null),
  }
}

/**
 * Of a tenant's vaults, those that have a key. A vault that something was put into has one until all of it is removed: the
 * key goes last.
 */
export async function listKeyedVaults(
  db: DatabaseClient,
  tenantId: string,
): Promise<{ id: string; handle: string }[]> {
  const vaults = await db.vault.findMany({ where: { tenantId }, select: { id: true, handle: true } })
  const rows = await db.wrappedKey.findMany({
    where: { id: { in: vaults.map(({ id }) => vaultKeyId(id)) } },
    select: { id: true },
  })
  const keyed = new Set(rows.map(({ id }) => id))
  return vaults.filter(({ id }) => keyed.has(vaultKeyId(id)))
}
