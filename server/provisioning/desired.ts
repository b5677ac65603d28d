import { plans, type Plan } from '#shared/contracts/subscriptions'
import type { TenantStatus } from '#shared/contracts/tenants'
import { languageWithin } from '#server/domain/mail/mail'
import type { DesiredMember, DesiredTenant, FormerMember } from './step-planner.port'

export type { DesiredMember, DesiredTenant } from './step-planner.port'

/** What is on record of a tenant. */
export interface TenantFacts {
  readonly id: string
  readonly slug: string
  readonly name: string
  /** Of the mails to its members who have chosen none. */
  readonly locale: string
  readonly status: TenantStatus
  /** Whether its purge was asked for, whatever a replica's own clock says. */
  readonly purgeAsked: boolean
  readonly plan: Plan
  /** The verified ones. */
  readonly domains: readonly { readonly name: string; readonly verifiedAt: Date }[]
  readonly members: readonly (DesiredMember & { readonly isActive: boolean })[]
  /** Of whom a receipt is open. */
  readonly former: readonly FormerMember[]
}

const gibibyte = 1024 ** 3

/** What the tenant should have, from what is on record of it. */
export function desiredTenant(facts: TenantFacts): DesiredTenant {
  const { id, slug, name, plan } = facts
  const members = facts.members.filter(({ isActive }) => isActive)
  const inside = new Set(members.map(({ userId }) => userId))
  return {
    id,
    slug,
    name,
    state: stateOf(facts),
    storageBytes: plans[plan].storageGibibytes * gibibyte,
    mailboxBytes: plans[plan].mailboxGibibytes * gibibyte,
    domains: facts.domains
      .toSorted((a, b) => a.verifiedAt.getTime() - b.verifiedAt.getTime() || (a.name < b.name ? -1 : 1))
      .map((domain) => domain.name),
    members: members.map(({ isActive: _, ...member }) => ({
      ...member,
      locale: languageWithin(facts.locale, member.locale),
    })),
    former: facts.former.filter(({ userId }) => !inside.has(userId)),
  }
}

function stateOf({ status, purgeAsked }: TenantFacts): DesiredTenant['state'] {
  if (status === 'pending' || status === 'active') return 'active'
  return purgeAsked ? 'purged' : 'closed'
}
