import type { AskLease } from '#shared/contracts/vaults'
import { newId } from '#server/lib/ids'
import type { LeaseScope, VaultScope } from '#server/scope'
import { endsOf, holderOf, mostLeases, showLease } from './lease-shown'
import { NotMintable, type MintPlaces } from './token-mint.port'
import { vaultError } from './vaults.errors'

/** A token that is not there by then is not asked for any more. */
export const mintSeconds = 45
const renewSeconds = 30

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
  const ends = await endsOf(scope, holder.askedBy, { ttlSeconds, isRenewable: mint.renew !== undefined })
  const id = newId()
  const kept = own && { place: own.address, placeSealed: await own.seal(id) }
  const lease = await scope.transaction(async ({ leases, audit }) => {
    if ((await leases.countOf(holder.askedBy)) >= mostLeases) throw vaultError('lease.too_many')
    const made = await leases.create({
      ...{ id, ...holder, vaultId: vault.id, kind: 'minted', service, name: '', purpose },
      ...{ ...ends, nextTryAt: ends.expiresAt, ...kept },
    })
    await audit.record({
      action: 'lease.granted',
      subject: { kind: 'lease', id },
      after: {
        ...{ kind: 'minted', service, purpose, expiresAt: ends.expiresAt },
        ...(own && { place: own.address }),
      },
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
    return notMintable(error)
  }
}

/**
 * Lets a token last longer at its service, before its lease does: where an answer is lost, the token may live until then, and is
 * taken back at the lease's end all the same.
 *
 * @throws AppError lease.not_renewable, lease.not_mintable; IntegrationError
 */
export async function renewMinted(
  { lease }: LeaseScope,
  places: Pick<MintPlaces, 'of'>,
  until: Date,
): Promise<void> {
  const { id: leaseId, tenantId } = lease
  const mint = await places.of(lease)
  if (!mint.renew) throw vaultError('lease.not_renewable')
  const signal = AbortSignal.timeout(renewSeconds * 1000)
  await mint.renew({ leaseId, tenantId }, until, signal).catch(notMintable)
}

/** @throws AppError in place of NotMintable */
function notMintable(error: unknown): never {
  if (error instanceof NotMintable) throw vaultError('lease.not_mintable', { detail: error.message })
  throw error
}
