import type { AskLease } from '#shared/contracts/vaults'
import { addSeconds } from '#server/lib/clock'
import { newId } from '#server/lib/ids'
import type { VaultScope } from '#server/scope'
import { holderOf, mostLeases, showLease } from './lease-shown'
import { NotMintable, type MintPlaces } from './token-mint.port'
import { vaultError } from './vaults.errors'

/** A token that is not there by then is not asked for any more. */
export const mintSeconds = 45

/**
 * Mints a token for the machine that asks, at the tenant's own service where it has one. The lease is on record before,
 * and names the token, so that none comes to be that nobody would take back. The token is given with this answer alone,
 * and kept nowhere.
 *
 * @throws AppError lease.not_mintable, lease.too_many, lease.over where the machine lost its right meanwhile, or the tenant
 *   left the service; IntegrationError
 */
export async function mintLease(
  scope: VaultScope,
  places: Pick<MintPlaces, 'now'>,
  { service, purpose, ttlSeconds }: Extract<AskLease, { kind: 'minted' }>,
) {
  const { vault, tenant, clock } = scope
  const found = await places.now(tenant.id, service)
  if (!found) throw vaultError('lease.not_mintable')
  const { mint, own } = found
  const holder = holderOf(scope)
  const id = newId()
  const kept = own && { place: own.address, placeSealed: await own.seal(id) }
  const lease = await scope.transaction(async ({ leases, audit }) => {
    if ((await leases.countOf(holder.askedBy)) >= mostLeases) throw vaultError('lease.too_many')
    // It ends when the token does, which is not made to last longer.
    const expiresAt = addSeconds(clock.now(), ttlSeconds)
    const made = await leases.create({
      ...{ id, ...holder, vaultId: vault.id, kind: 'minted', service, name: '', purpose },
      ...{ expiresAt, endsLatest: expiresAt, nextTryAt: expiresAt, ...kept },
    })
    await audit.record({
      action: 'lease.granted',
      subject: { kind: 'lease', id },
      after: { kind: 'minted', service, purpose, expiresAt, ...(own && { place: own.address }) },
    })
    return made
  })
  const { expiresAt } = lease
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
    if (error instanceof NotMintable) throw vaultError('lease.not_mintable', { detail: error.message })
    throw error
  }
}
