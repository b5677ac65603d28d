import { setTimeout as wait } from 'node:timers/promises'
import pg from 'pg'

const lookMilliseconds = 20
const patienceMilliseconds = 60_000

/** Who works on a tenant on PostgreSQL: nobody knows but by its number, which whoever takes the tenant raises. */
export interface HeldLease {
  readonly tenantId: string
  readonly fence: number
  readonly leaseUntil: Date
}

const held = `SELECT "tenantId", fence, "leaseUntil" FROM "ProvisioningWork" WHERE "leaseUntil" IS NOT NULL`

/** A step that is under way stays due, so that it is found again where its worker dies. */
const due = `SELECT DISTINCT "tenantId" FROM "ProvisioningStep" WHERE "nextAttemptAt" IS NOT NULL`

/** The leases that are held now, by whomever. */
export const readLeases = (url: string): Promise<HeldLease[]> =>
  connected(url, async (client) => (await client.query<HeldLease>(held)).rows)

/**
 * Waits until each of these leases was renewed or given back, and so was not that of a worker who is dead, or the tenant
 * was taken by somebody else. A worker that died with all written and the lease not given back left nothing to do.
 *
 * @returns how many were taken, and how long the last of them took
 * @throws Error where one stands still for a minute
 */
export function untilLeft(
  url: string,
  leases: readonly HeldLease[],
): Promise<{ taken: number; milliseconds: number }> {
  return connected(url, async (client) => {
    const began = performance.now()
    const open = new Map(leases.map((lease) => [lease.tenantId, lease]))
    let left = { taken: 0, milliseconds: 0 }
    while (open.size > 0) {
      const { rows } = await client.query<HeldLease>(held)
      const owed = new Set((await client.query<HeldLease>(due)).rows.map(({ tenantId }) => tenantId))
      const now = new Map(rows.map((lease) => [lease.tenantId, lease]))
      const milliseconds = performance.now() - began
      if (milliseconds > patienceMilliseconds) throw new Error(`${open.size} tenants stand still.`)
      for (const [tenantId, lease] of open) {
        const current = now.get(tenantId)
        const isAsBefore = current?.leaseUntil.getTime() === lease.leaseUntil.getTime()
        if (current?.fence === lease.fence && isAsBefore && owed.has(tenantId)) continue
        open.delete(tenantId)
        if (current && current.fence > lease.fence) left = { taken: left.taken + 1, milliseconds }
      }
      if (open.size > 0) await wait(lookMilliseconds)
    }
    return left
  })
}

async function connected<Result>(url: string, work: (client: pg.Client) => Promise<Result>): Promise<Result> {
  const client = new pg.Client({ connectionString: url })
  await client.connect()
  try {
    return await work(client)
  } finally {
    await client.end()
  }
}
