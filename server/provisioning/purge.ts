import { connectionsHandle } from '#shared/contracts/vaults'
import { addSeconds } from '#server/lib/clock'
import type { Log } from '#server/lib/log'
import type { PlatformScope, Scopes } from '#server/scope'
import type { SecretVault } from '#server/vault/vault'

/** After a purge has stopped, at a refusal or for want of approval, it is begun again in so long. */
const againSeconds = 3600
const pageSize = 100

export interface PurgeMeans {
  readonly scopes: Scopes
  readonly log: Log
  readonly vault: Pick<SecretVault, 'removeVault'>
}

/**
 * Asks for the purge of every tenant whose time of grace is over, page by page. Any replica may do it at any time: what
 * was asked for already is left alone, but for a purge that has stopped, which is begun again each hour.
 *
 * The secrets of such a tenant are removed here, once nothing can take the deletion back: the tenant itself goes only after
 * them (`endPurge`), so that a crash anywhere leaves a tenant by which they are found. What its own services are signed in
 * to with goes last, when nothing is left of it there.
 *
 * @returns how many were asked for now
 */
export async function purgeOverdue(means: PurgeMeans): Promise<number> {
  const { scopes, log, vault } = means
  const scope = scopes.platform('purge')
  let asked = 0
  for (let after: { id: string; purgeAt: Date } | undefined; ;) {
    const overdue = await scope.stores.overdue.list({ after, limit: pageSize })
    for (const { id } of overdue) {
      try {
        if (await finish(scope, vault, id)) continue
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
        if (isNew) asked += 1
        let hasRemoved = false
        try {
          hasRemoved = await removeSecrets(scope, vault, id)
        } finally {
          if (isNew || hasRemoved) scope.wake(id)
        }
      } catch (error) {
        // One that can't be asked for now keeps no other waiting.
        log.warn({ err: error, tenantId: id }, 'a purge could not be asked for')
      }
    }
    after = overdue.at(-1)
    if (overdue.length < pageSize) return asked
  }
}

/** Removes what is left of a tenant here, where nothing is at the services any more. @returns whether it is gone */
async function finish(scope: PlatformScope, vault: PurgeMeans['vault'], tenantId: string): Promise<boolean> {
  const found = await scope.stores.ofTenant(tenantId).steps.readPurge()
  if (!found?.askedAt || !found.isDone) return false
  for (const { id } of await scope.stores.overdue.listKeyedVaults(tenantId))
    await vault.removeVault({ tenantId, id })
  return scope.transaction((stores) => {
    const { steps, audit } = stores.ofTenant(tenantId)
    return steps.endPurge(audit)
  })
}

/** Those but for what its own services are signed in to with. @returns whether there were any */
async function removeSecrets(
  scope: PlatformScope,
  vault: PurgeMeans['vault'],
  tenantId: string,
): Promise<boolean> {
  if (!(await scope.stores.ofTenant(tenantId).steps.purgeAsked())) return false
  const all = await scope.stores.overdue.listKeyedVaults(tenantId)
  const keyed = all.filter(({ handle }) => handle !== connectionsHandle)
  for (const { id } of keyed) await vault.removeVault({ tenantId, id })
  if (keyed.length === 0) return false
  // Where the services were quicker, nothing goes on by itself.
  await scope.transaction(async (stores) => {
    const { steps } = stores.ofTenant(tenantId)
    if ((await steps.readPurge())?.hasStopped) await steps.ask('purged', { deletes: true })
  })
  return true
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
