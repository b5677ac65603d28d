import { addSeconds } from '#server/lib/clock'
import type { Log } from '#server/lib/log'
import type { Scopes } from '#server/scope'

/** After a purge has stopped, at a refusal or for want of approval, it is begun again in so long. */
const againSeconds = 3600
const pageSize = 100

/**
 * Asks for the purge of every tenant whose time of grace is over, page by page. Any replica may do it at any time: what
 * was asked for already is left alone, but for a purge that has stopped, which is begun again each hour.
 *
 * @returns how many were asked for now
 */
export async function purgeOverdue({ scopes, log }: { scopes: Scopes; log: Log }): Promise<number> {
  const scope = scopes.platform('purge')
  let asked = 0
  for (let after: { id: string; purgeAt: Date } | undefined; ;) {
    const overdue = await scope.stores.overdue.list({ after, limit: pageSize })
    for (const { id } of overdue) {
      try {
        const isNew = await scope.transaction(async (stores) => {
          const { steps, tenant, audit } = stores.ofTenant(id)
          const found = await steps.readPurge()
          if (!found || !isDue(found, scope.clock.now())) return false
          await steps.ask('purged', { deletes: true })
          const { status } = await tenant.get()
          if (found.askedAt === null)
            await audit.record({
              action: 'tenant.purge_begun',
              subject: { kind: 'tenant', id },
              before: { status },
              after: { status, purgeAt: found.purgeAt },
            })
          return true
        })
        if (!isNew) continue
        asked += 1
        scope.wake(id)
      } catch (error) {
        // One that can't be asked for now keeps no other waiting.
        log.warn({ err: error, tenantId: id }, 'a purge could not be asked for')
      }
    }
    after = overdue.at(-1)
    if (overdue.length < pageSize) return asked
  }
}

interface Found {
  status: string
  purgeAt: Date | null
  askedAt: Date | null
  hasStopped: boolean
}

function isDue({ status, purgeAt, askedAt, hasStopped }: Found, now: Date): boolean {
  if (status !== 'deleting' || purgeAt === null || purgeAt > now) return false
  return askedAt === null || (hasStopped && addSeconds(askedAt, againSeconds) <= now)
}
