import type { DatabaseClient } from '#server/storage/database'
import { isPurge, newestPurge } from './purge.store'
import { desiredTenant, type DesiredTenant } from './desired'

/** Reads what a tenant should have now. @returns null where it is gone */
export async function readDesired(db: DatabaseClient, tenantId: string): Promise<DesiredTenant | null> {
  const tenant = await db.tenant.findUnique({
    where: { id: tenantId },
    select: {
      id: true,
      slug: true,
      name: true,
      locale: true,
      status: true,
      purgeAt: true,
      runs: newestPurge,
      subscription: { select: { plan: true } },
      domains: { where: { verifiedAt: { not: null } }, select: { name: true, verifiedAt: true } },
      receipts: {
        where: { completedAt: null },
        orderBy: { id: 'asc' },
        select: { user: { select: { id: true, email: true } } },
      },
      members: {
        orderBy: { id: 'asc' },
        select: {
          userId: true,
          role: true,
          mailbox: true,
          source: true,
          user: { select: { email: true, name: true, locale: true, status: true } },
        },
      },
    },
  })
  if (!tenant?.subscription) return null
  const { subscription, domains, members, receipts, runs, purgeAt, ...facts } = tenant
  return desiredTenant({
    ...facts,
    purgeAsked: isPurge({ status: facts.status, purgeAt }, runs[0]),
    plan: subscription.plan,
    domains: domains.flatMap(({ name, verifiedAt }) => (verifiedAt ? [{ name, verifiedAt }] : [])),
    former: receipts.map(({ user: { id: userId, email } }) => ({ userId, email })),
    members: members.map(({ user: { status, ...user }, source, ...member }) => ({
      ...member,
      ...user,
      fromIdp: source === 'idp',
      isActive: status === 'active',
    })),
  })
}

/** What one tenant should have, bound. */
export function desiredStore(db: DatabaseClient, tenantId: string) {
  return {
    async get(): Promise<DesiredTenant> {
      const desired = await readDesired(db, tenantId)
      if (!desired) throw new Error(`Tenant ${tenantId} is gone`)
      return desired
    },
  }
}
