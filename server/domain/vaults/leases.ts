import type { AskLease, LeaseStatus } from '#shared/contracts/vaults'
import { addSeconds } from '#server/lib/clock'
import type { LeaseScope, PlatformScope, TenantScope, VaultScope } from '#server/scope'
import type { Page, PageRequest } from '#server/storage/page'
import type { SecretVault } from '#server/vault/vault'
import { endsOf, holderOf, mostLeases, showLease } from './lease-shown'
import type { LeaseHolder, LeaseRow } from './leases.store'
import { mintLease, renewMinted } from './minted-leases'
import { noteUnreadable } from './secrets'
import type { MintPlaces } from './token-mint.port'
import { vaultError } from './vaults.errors'

/** How long a lease that is over is shown. */
const keptSeconds = 90 * 86_400

export const isOver = ({ endedAt, expiresAt }: LeaseRow, now: Date) => endedAt !== null || expiresAt <= now

type Filter = PageRequest & { status?: LeaseStatus | undefined }

function showPage({ items, nextCursor }: Page<LeaseRow>, now: Date) {
  return { items: items.map((row) => showLease(row, now)), nextCursor }
}

/** A page of the leases of a vault, newest first: for owners and admins all, for others their own. */
export async function listVaultLeases(scope: VaultScope, request: Filter) {
  const holder = holderFor(scope, scope.permits('leases:manage'))
  const found = await scope.stores.leases.list({ ...request, vaultId: scope.vault.id, holder })
  return showPage(found, scope.clock.now())
}

/** A page of the leases of a tenant, newest first: for owners and admins all, for others their own. */
export async function listTenantLeases(scope: TenantScope, request: Filter) {
  const holder = holderFor(scope, scope.permits('vaults:manage'))
  return showPage(await scope.stores.leases.list({ ...request, holder }), scope.clock.now())
}

function holderFor({ machine, actor }: VaultScope | TenantScope, managesAll: boolean): LeaseHolder {
  if (machine) return { askedBy: machine.by.id }
  return managesAll ? 'everybody' : { userId: actor.id }
}

/**
 * Lends the machine that asks a secret of the vault, for a time and a purpose, whose value is read by `readLease`; or mints
 * a token for it, which this answer alone has.
 *
 * @throws AppError secret.not_found, lease.too_many, vault.unavailable; those of `mintLease`
 */
export async function askLease(
  scope: VaultScope,
  { vault: secrets, mintPlaces }: { vault: SecretVault; mintPlaces: Pick<MintPlaces, 'now'> },
  asked: AskLease,
) {
  if (asked.kind === 'minted') return mintLease(scope, mintPlaces, asked)
  const { vault, tenant, clock } = scope
  const { service, name, purpose, ttlSeconds } = asked
  const holder = holderOf(scope)
  const place = { tenantId: tenant.id, vaultId: vault.id, service, name }
  if (!(await secrets.has(place))) throw vaultError('secret.not_found')
  const ends = await endsOf(scope, holder.askedBy, { ttlSeconds, isRenewable: true })
  const lease = await scope.transaction(async ({ leases, audit }) => {
    if ((await leases.countOf(holder.askedBy)) >= mostLeases) throw vaultError('lease.too_many')
    const made = await leases.create({
      ...{ ...holder, vaultId: vault.id, kind: 'secret', service, name, purpose, ...ends },
    })
    await audit.record({
      action: 'lease.granted',
      subject: { kind: 'lease', id: made.id },
      after: {
        ...{ kind: 'secret', secret: `${vault.id}:${service}/${name}`, purpose },
        expiresAt: made.expiresAt,
      },
    })
    return made
  })
  return showLease(lease, clock.now())
}

/** A lease by itself. */
export const getLease = ({ lease, clock }: LeaseScope) => showLease(lease, clock.now())

/**
 * What a lease lets read, as it is now: the newest version.
 *
 * @throws AppError lease.over, lease.has_no_value, secret.not_found, secret.unreadable, vault.unavailable
 */
export async function readLease(scope: LeaseScope, secrets: SecretVault) {
  const { lease, clock, tenant, vault } = scope
  if (isOver(lease, clock.now())) throw vaultError('lease.over')
  const { id, kind, service, name, expiresAt } = lease
  if (kind === 'minted') throw vaultError('lease.has_no_value')
  const found = await secrets
    .get({ tenantId: tenant.id, vaultId: vault.id, service, name })
    .catch((error: unknown) => noteUnreadable(scope, { service, name }, error))
  if (!found) throw vaultError('secret.not_found')
  // It leaves with its entry alone, and not where the lease was ended meanwhile.
  await scope.transaction(async ({ leases, audit }) => {
    if (!(await leases.noteRead(id))) throw vaultError('lease.over')
    await audit.record({
      action: 'lease.read',
      subject: { kind: 'lease', id },
      after: { secret: `${vault.id}:${service}/${name}`, version: found.version },
    })
  })
  return { leaseId: id, expiresAt, value: found.value }
}

/**
 * Lets a lease last so long from now on, at most to its `endsLatest`; it is never made shorter.
 *
 * @throws AppError lease.over; those of `renewMinted`
 */
export async function renewLease(scope: LeaseScope, places: Pick<MintPlaces, 'of'>, ttlSeconds: number) {
  const { lease, clock } = scope
  const { id, expiresAt, kind, endsLatest } = lease
  if (isOver(lease, clock.now())) throw vaultError('lease.over')
  const wanted = addSeconds(clock.now(), ttlSeconds)
  const until = wanted < endsLatest ? wanted : endsLatest
  if (kind === 'minted') await renewMinted(scope, places, until)
  const renewed = await scope.transaction(async ({ leases, audit }) => {
    const row = await leases.renew(id, until)
    if (!row) throw vaultError('lease.over')
    await audit.record({
      action: 'lease.renewed',
      subject: { kind: 'lease', id },
      before: { expiresAt },
      after: { expiresAt: row.expiresAt },
    })
    return row
  })
  // Of two at once the one that asked for less may have been the last at the service. What fails here was confirmed before.
  if (kind === 'minted') await renewMinted(scope, places, renewed.expiresAt).catch(() => undefined)
  return showLease(renewed, clock.now())
}

/** Ends a lease: the machine gives it back, or an admin takes it. Done again, it changes nothing. */
export async function endLease(scope: LeaseScope): Promise<void> {
  const { id } = scope.lease
  const reason = scope.machine ? 'returned' : 'revoked'
  await scope.transaction(async ({ leases, audit }) => {
    if (!(await leases.end(id, reason))) return
    await audit.record({ action: 'lease.ended', subject: { kind: 'lease', id }, after: { reason } })
  })
}

/** Removes leases that were over long ago. @returns how many */
export function removeOldLeases({ stores, clock }: PlatformScope): Promise<number> {
  return stores.allLeases.removeOver(addSeconds(clock.now(), -keptSeconds))
}
