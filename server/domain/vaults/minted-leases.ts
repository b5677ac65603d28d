import type { AskLease } from '#shared/contracts/vaults'
import { addSeconds } from '#server/lib/clock'
import type { Log } from '#server/lib/log'
import type { PlatformScope, VaultScope } from '#server/scope'
import { holderOf, mostLeases, showLease } from './lease-shown'
import type { LeaseRow } from './leases.store'
import type { TokenMint } from './token-mint.port'
import { vaultError } from './vaults.errors'

/** Where tokens can be minted; a service that is not configured is absent. */
export type TokenMints = { readonly [Service in 'authentik' | 'ocis']?: TokenMint | undefined }

/** A token that is not there by then is not asked for any more. */
const mintSeconds = 45
/** Until then a token may still come to be that was asked for by a process that is gone. */
const mintSettledSeconds = 2 * mintSeconds
const revokeSeconds = 30
/** So long a lease is kept from other replicas while one settles it. */
const settleSeconds = 2 * revokeSeconds
const shortestRestSeconds = 15
const longestRestSeconds = 3600

/**
 * Mints a token at a service for the machine that asks. The lease is on record before, and names the token, so that none
 * comes to be that nobody would take back. The token is given with this answer alone, and kept nowhere.
 *
 * @throws AppError lease.not_mintable, lease.too_many, lease.over where the machine lost its right meanwhile; IntegrationError
 */
export async function mintLease(
  scope: VaultScope,
  mints: TokenMints,
  { service, purpose, ttlSeconds }: Extract<AskLease, { kind: 'minted' }>,
) {
  const { vault, tenant, clock } = scope
  const mint = mints[service]
  // At a service of the tenant's own, Tenantry mints nothing.
  if (!mint || (await scope.stores.leases.hasOwnService(service))) throw vaultError('lease.not_mintable')
  const holder = holderOf(scope)
  const lease = await scope.transaction(async ({ leases, audit }) => {
    if ((await leases.countOf(holder.askedBy)) >= mostLeases) throw vaultError('lease.too_many')
    // It ends when the token does, which is not made to last longer.
    const expiresAt = addSeconds(clock.now(), ttlSeconds)
    const made = await leases.create({
      ...{ ...holder, vaultId: vault.id, kind: 'minted', service, name: '', purpose },
      ...{ expiresAt, endsLatest: expiresAt, nextTryAt: expiresAt },
    })
    await audit.record({
      action: 'lease.granted',
      subject: { kind: 'lease', id: made.id },
      after: { kind: 'minted', service, purpose, expiresAt },
    })
    return made
  })
  const { id, expiresAt } = lease
  try {
    const minted = await mint.mint(
      { leaseId: id, tenant: { id: tenant.id, slug: tenant.slug }, expiresAt },
      AbortSignal.timeout(mintSeconds * 1000),
    )
    if (!(await scope.transaction(({ leases }) => leases.noteMinted(id, minted.account))))
      throw vaultError('lease.over')
    return { ...showLease({ ...lease, externalId: minted.account }, clock.now()), token: minted.token }
  } catch (error) {
    await scope.transaction(async ({ leases, audit }) => {
      await leases.takeBack(id, 'mint_failed')
      await audit.record({
        action: 'lease.ended',
        subject: { kind: 'lease', id },
        after: { reason: 'mint_failed' },
      })
    })
    throw error
  }
}

export interface SettleMeans {
  readonly mints: TokenMints
  readonly log: Log
}

/**
 * Takes back at their services the tokens of leases that are over, until each service has confirmed it. Of several
 * replicas one at a time has a lease; what fails is tried again, less and less often.
 *
 * @returns how many are settled now
 */
export async function settleLeases(scope: PlatformScope, means: SettleMeans, limit = 50): Promise<number> {
  const { clock } = scope
  let settled = 0
  for (const lease of await scope.stores.allLeases.listDue(clock.now(), limit)) {
    const until = addSeconds(clock.now(), settleSeconds)
    if (!(await scope.stores.allLeases.take(lease, until))) continue
    if (await settleOne(scope, means, lease)) settled += 1
  }
  return settled
}

async function settleOne(
  scope: PlatformScope,
  { mints, log }: SettleMeans,
  lease: LeaseRow,
): Promise<boolean> {
  const { id, tenantId, service } = lease
  const mint = service === 'authentik' || service === 'ocis' ? mints[service] : undefined
  try {
    if (!mint) throw new Error(`The service ${service} is not configured any more`)
    await mint.revoke(id, AbortSignal.timeout(revokeSeconds * 1000))
  } catch (error) {
    log.warn({ err: error, tenantId, leaseId: id }, 'a minted token could not be taken back yet')
    await scope.stores.allLeases.retry(
      id,
      addSeconds(scope.clock.now(), restSeconds(lease, scope.clock.now())),
    )
    return false
  }
  const mayStillCome = addSeconds(lease.createdAt, mintSettledSeconds)
  if (lease.externalId === null && mayStillCome > scope.clock.now()) {
    await scope.stores.allLeases.retry(id, mayStillCome)
    return false
  }
  return scope.transaction(async (stores) => {
    if (!(await stores.allLeases.settle(id, scope.clock.now()))) return false
    const { audit } = stores.ofTenant(tenantId)
    await audit.record({ action: 'lease.settled', subject: { kind: 'lease', id }, after: { service } })
    return true
  })
}

/** A quarter of the time that it has been waiting. */
function restSeconds({ endedAt, expiresAt }: LeaseRow, now: Date): number {
  const waited = (now.getTime() - (endedAt ?? expiresAt).getTime()) / 1000
  return Math.min(longestRestSeconds, Math.max(shortestRestSeconds, waited / 4))
}
