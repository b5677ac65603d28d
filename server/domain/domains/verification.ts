import type { Attempts } from '#server/auth/sign-in/attempts'
import { isUniqueViolation } from '#server/storage/database.errors'
import type { TenantScope } from '#server/scope'
import { keep, lookAt, type CheckMeans } from './checks'
import { domainError } from './domains.errors'
import { challengeRecord, parentsOf } from './domains.policy'
import type { DomainRow } from './domains.store'
import type { LookUp, LookUpFailure } from './resolver.port'

/** What verifying works with. */
export interface VerifyMeans extends CheckMeans {
  attempts: Pick<Attempts, 'count'>
}

/** A look at the records of a verified domain is good for so long. */
const freshSeconds = 15

/**
 * Makes a claim the tenant's own, where its challenge is published; gives its members their mailboxes, and has the
 * services brought up to date, in the transaction of the verification. A domain that is verified already has its records
 * looked up again.
 *
 * @throws AppError domain.not_found, domain.taken, domain.challenge_missing, domain.challenge_different,
 *   domain.challenge_is_alias, domain.lookup_failed, rate.limited
 */
export async function verifyDomain(scope: TenantScope, means: VerifyMeans, name: string): Promise<DomainRow> {
  const domain = await find(scope.stores, name)
  if (domain.verifiedAt && isFresh(domain, scope.clock.now())) return domain
  await means.attempts.count('verifying', scope.tenant.id)
  if (!domain.verifiedAt) {
    const proof = await lookUpProof(domain, means)
    await makeOwn(scope, domain)
    // What the proof was found by is not asked for a second time.
    await look(scope, means, { ...domain, verifiedAt: scope.clock.now() }, proof)
  } else await look(scope, means, domain)
  return find(scope.stores, name)
}

async function look(scope: TenantScope, means: VerifyMeans, domain: DomainRow, proof?: Map<string, LookUp>) {
  const findings = await lookAt(domain, means, scope.clock, proof)
  await scope.transaction((stores) => keep(stores, domain, findings, scope.clock))
}

async function find({ domains }: TenantScope['stores'], name: string): Promise<DomainRow> {
  const domain = await domains.find(name)
  if (!domain) throw domainError('domain.not_found')
  return domain
}

function isFresh({ findings }: DomainRow, now: Date): boolean {
  if (!findings || findings.mailRecords === 'pending') return false
  return now.getTime() - Date.parse(findings.at) < freshSeconds * 1000
}

/** @throws AppError unless the very record is there */
async function lookUpProof(domain: DomainRow, { resolver }: VerifyMeans): Promise<Map<string, LookUp>> {
  const { name, value } = challengeRecord(domain)
  // One after the other: an answer that follows an alias is only worth something where there is none. A wildcard that
  // leads elsewhere (`*.acme.example CNAME pages.example`) would let whoever writes there speak for the domain.
  const alias = await resolver.lookUp(name, 'CNAME')
  if (alias.kind === 'failed') throw lookUpFailed(name, alias.reason)
  if (alias.kind === 'found')
    throw domainError('domain.challenge_is_alias', {
      detail: `${name} leads to another name (CNAME). Publish the TXT record at ${name} itself.`,
    })
  const texts = await resolver.lookUp(name, 'TXT')
  if (texts.kind === 'failed') throw lookUpFailed(name, texts.reason)
  if (texts.kind === 'none')
    throw domainError('domain.challenge_missing', {
      detail: `${name} has no TXT record yet. A new one can take an hour to be seen, sometimes a day.`,
    })
  if (!texts.values.some((text) => text.trim() === value))
    throw domainError('domain.challenge_different', {
      detail: `${name} has a TXT record, but not the one that is asked for. Compare it letter by letter; an older one may be seen for as long as its time to live.`,
    })
  return new Map([[`TXT ${name}`, texts]])
}

const reasons: Readonly<Record<LookUpFailure, string>> = {
  timeout: 'its name servers were silent for too long',
  unavailable: 'its name servers failed (SERVFAIL or REFUSED)',
  unreachable: 'the DNS server of this portal is out of reach',
  malformed: 'what was answered could not be read',
  too_large: 'it has more records than are read',
}

function lookUpFailed(name: string, reason: LookUpFailure) {
  return domainError('domain.lookup_failed', {
    detail: `${name} could not be looked up: ${reasons[reason]}. This says nothing about your record. Try again in some minutes.`,
  })
}

/** The error for a domain that is another tenant's; it does not say whose. */
export const taken = () =>
  domainError('domain.taken', {
    detail: 'It, or the domain above it, is verified by another tenant. If it is yours, ask the operator.',
  })

async function makeOwn(scope: TenantScope, domain: DomainRow): Promise<void> {
  const { id, name } = domain
  try {
    await scope.transaction(async (stores) => {
      if (await stores.domains.areForeign([name, ...parentsOf(name)])) throw taken()
      if (!(await stores.domains.verify(domain))) {
        // Somebody else of the tenant was as quick, which is as good; or the claim was taken back.
        if ((await stores.domains.find(name))?.verifiedAt) return
        throw domainError('domain.not_found')
      }
      await stores.members.assignMailboxes()
      await stores.steps.ask('changed')
      await stores.audit.record({
        action: 'domain.verified',
        subject: { kind: 'domain', id },
        after: { domain: name },
      })
    })
  } catch (error) {
    if (isUniqueViolation(error, 'verifiedName')) throw taken()
    throw error
  }
  scope.wake(scope.tenant.id)
}
