import { domainToUnicode } from 'node:url'
import type { AddDomain, DomainRecord } from '#shared/contracts/domains'
import type { Attempts } from '#server/auth/sign-in/attempts'
import { addSeconds } from '#server/lib/clock'
import { newToken } from '#server/lib/ids'
import { isUniqueViolation } from '#server/storage/database.errors'
import type { PlatformScope, TenantScope } from '#server/scope'
import type { PageRequest } from '#server/storage/page'
import { domainError } from './domains.errors'
import { challengeRecord, claimSeconds, mostDomains, parentsOf, parseDomainName } from './domains.policy'
import type { DomainRow } from './domains.store'
import { taken, verifyDomain as verify, type VerifyMeans } from './verification'

export { checkDueDomains } from './checks'
export { domainError } from './domains.errors'
export type { MailRecords, WantedRecord } from './records.port'
export type { Resolver } from './resolver.port'

/** A page of the tenant's domains, with what was found when their records were last looked up. */
export async function listDomains(scope: TenantScope, request: PageRequest, hasMailServer: boolean) {
  const { items, nextCursor } = await scope.stores.domains.list(request)
  return { items: items.map((domain) => shown(domain, hasMailServer)), nextCursor }
}

/** What adding works with. */
export interface AddMeans {
  attempts: Pick<Attempts, 'count'>
  /** Where the portal itself is. */
  publicUrl: string
  hasMailServer: boolean
}

/**
 * Claims a domain: for seven days it can be verified. Several tenants may claim one and the same; whoever verifies it
 * has it.
 *
 * @throws AppError domain.name_refused, domain.already_added, domain.taken, domain.too_many, rate.limited
 */
export async function addDomain(scope: TenantScope, means: AddMeans, input: AddDomain) {
  const { name, refusal } = parseDomainName(input.name, new URL(means.publicUrl).hostname)
  if (name === undefined)
    throw domainError('domain.name_refused', { faults: [{ path: 'name', message: refusal }] })
  await means.attempts.count('claiming', scope.tenant.id)
  // Random for each claim: that somebody published another's proves nothing.
  const claim = { name, challenge: newToken(), expiresAt: addSeconds(scope.clock.now(), claimSeconds) }
  try {
    const domain = await scope.transaction(async (stores) => {
      if (await stores.domains.find(name)) throw domainError('domain.already_added')
      if (await stores.domains.areForeign([name, ...parentsOf(name)])) throw taken()
      if ((await stores.domains.count()) >= mostDomains)
        throw domainError('domain.too_many', { detail: `It can have ${mostDomains}.` })
      const added = await stores.domains.claim(claim)
      await stores.audit.record({
        action: 'domain.claimed',
        subject: { kind: 'domain', id: added.id },
        after: { domain: name, expiresAt: claim.expiresAt },
      })
      return added
    })
    return shown(domain, means.hasMailServer)
  } catch (error) {
    if (isUniqueViolation(error)) throw domainError('domain.already_added')
    throw error
  }
}

/** @see verifyDomain in verification.ts @param name as it is in an address: any other is not found */
export async function verifyDomain(scope: TenantScope, means: VerifyMeans, name: string) {
  const { recordsOf } = await means.servicesOf(scope.tenant.id)
  return shown(await verify(scope, means, name), recordsOf !== undefined)
}

/**
 * Gives a domain up, or takes a claim back. Whoever can show that it is theirs may have it then. Mail to it is taken
 * in no longer, so the last one stays while there are mailboxes.
 *
 * @throws AppError domain.not_found, domain.holds_mailboxes
 */
export async function removeDomain(scope: TenantScope, hasMailServer: boolean, name: string): Promise<void> {
  const wasVerified = await scope.transaction(async (stores) => {
    const domain = await stores.domains.find(name)
    if (!domain) throw domainError('domain.not_found')
    const { id, verifiedAt } = domain
    const isLast = verifiedAt !== null && (await stores.domains.countVerified()) === 1
    if (isLast && hasMailServer && (await stores.members.haveMailboxes()))
      throw domainError('domain.holds_mailboxes', {
        detail:
          'It is the only verified domain, and every mailbox has its address there. Verify another domain first: the mailboxes then move to it.',
      })
    await stores.domains.remove(id)
    if (verifiedAt) await stores.steps.ask('changed')
    await stores.audit.record({
      action: verifiedAt ? 'domain.removed' : 'domain.claim_withdrawn',
      subject: { kind: 'domain', id },
      before: { domain: name },
    })
    return verifiedAt !== null
  })
  if (wasVerified) scope.wake(scope.tenant.id)
}

/** Removes the claims that nobody can verify any more. @returns how many there were */
export async function removeExpiredClaims(scope: PlatformScope): Promise<number> {
  return (await scope.stores.allDomains.removeExpired()).count
}

/** A domain as it is shown: what has to be published, with what was found of it. */
function shown(domain: DomainRow, hasMailServer: boolean) {
  const { name, createdAt, expiresAt, verifiedAt, findings } = domain
  const challenge = challengeRecord(domain)
  const unseen: DomainRecord = {
    ...challenge,
    purpose: 'ownership',
    status: 'unknown',
    found: [],
    drifted: false,
  }
  return {
    name,
    displayName: domainToUnicode(name) || name,
    status: verifiedAt ? ('verified' as const) : ('pending' as const),
    challenge,
    createdAt,
    expiresAt,
    verifiedAt,
    checkedAt: findings?.at ?? null,
    mailRecords: findings?.mailRecords ?? (hasMailServer ? ('pending' as const) : ('none' as const)),
    records: findings?.records ?? [unseen],
  }
}
