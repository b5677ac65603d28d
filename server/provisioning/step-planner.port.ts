import type { TenantRole } from '#shared/contracts/tenants'

/** The outside services, in the order in which they are shown. */
export const serviceNames = ['authentik', 'stalwart', 'ocis', 'mail'] as const
export type ServiceName = (typeof serviceNames)[number]

/**
 * What a tenant should have, in every service: it follows from tenant, members, domains and plan alone.
 * - `active`: everything works
 * - `closed`: suspended, archived, or deleted and still within its time of grace. Nobody gets in, and nothing is lost
 * - `purged`: nothing is left of it
 */
export interface DesiredTenant {
  /** UUID; stamped on what is made, so that it can be recognised as ours. */
  readonly id: string
  readonly slug: string
  readonly name: string
  readonly state: 'active' | 'closed' | 'purged'
  readonly storageBytes: number
  readonly mailboxBytes: number
  /** Verified domains in lower case (A-labels), the first one is that of the mailboxes; the others are aliases. */
  readonly domains: readonly string[]
  /** Of the order in which they came. Nobody who is disabled or deleted is among them. */
  readonly members: readonly DesiredMember[]
  /**
   * Whose access ended, and of whom some service was not read since to be without it: the open receipts. Nobody of them
   * is a member.
   */
  readonly former?: readonly FormerMember[]
}

/** Somebody who has to be out. */
export interface FormerMember {
  /** UUID of the user. */
  readonly userId: string
  /** In lower case; null where nobody knows it, or any more. */
  readonly email: string | null
}

export interface DesiredMember {
  /** UUID of the user. */
  readonly userId: string
  /** In lower case; null where the OpenID provider tells none. */
  readonly email: string | null
  readonly name: string
  readonly role: TenantRole
  /** The language that they are written to in: their own, else the tenant's. Null: the portal's. */
  readonly locale: string | null
  /** Local part of their mailbox, unique in the tenant, never changed; null while the tenant has no domain. */
  readonly mailbox: string | null
  /** Whether the provider's groups made them a member, and the lack of it ends that: nobody puts them back there. */
  readonly fromIdp?: boolean
}

export type ChangeAction = 'create' | 'update' | 'delete' | 'adopt' | 'refuse'

/** What would be changed of one thing at a service; shown to people, so without secrets. */
export interface Change {
  readonly action: ChangeAction
  /** What kind of thing, such as `group`, `domain`, `account`, `space` or `member`. */
  readonly kind: string
  /** Its name there, such as `acme`, `acme.example` or `ada@acme.example`. */
  readonly name: string
  /** Which of its fields, with what they hold and what they should; null: nothing. */
  readonly fields?: Readonly<Record<string, { from: string | number | null; to: string | number | null }>>
  /** Why: of `refuse` always, in words for an operator with the remedy. */
  readonly reason?: string
}

/** A change that can be made. */
export interface PlannedChange extends Change {
  /**
   * Makes it. Safe to repeat and to cut off at any moment; where somebody was quicker, what they made is adopted.
   * Changes of one plan are made in their order; a later one may rely on what an earlier one made.
   * Of `refuse` it is never called.
   *
   * @throws IntegrationError
   */
  apply(signal: AbortSignal): Promise<void>
}

/** A thing that a service holds for a tenant. */
export interface Resource {
  readonly kind: string
  readonly name: string
  /** Its id at the service. */
  readonly externalId: string
  /**
   * Of all that Tenantry decides about it, as observed: equal texts, equal states. The survey makes the same text of
   * the same state.
   */
  readonly fingerprint: string
}

/** Stands for the person's name in what was found of them; their name is not kept there, since it may be erased. */
export const theirName = '{name}'

/** What was read at a service of one person. */
export interface AccessRead {
  readonly hasAccess: boolean
  /** In words, such as `{name} is not in the group acme.` */
  readonly found: string
}

/** How much is used of what a plan limits. */
export interface Use {
  /** `storage`: of the tenant's whole space; `mailbox`: of one mailbox. */
  readonly of: 'storage' | 'mailbox'
  readonly name: string
  readonly usedBytes: number
}

/** What a service holds of a tenant, and what is missing between that and what should be. */
export interface StepPlan {
  /** Ours, as observed; the main one first. */
  readonly resources: readonly Resource[]
  /** Empty: everything is as it should be. */
  readonly changes: readonly PlannedChange[]
  /** What can't be done yet, and is no fault, such as a person who has not signed in at the service yet. */
  readonly notes: readonly string[]
  /**
   * Whether more shows only once something else was changed, such as who is in a space that is disabled: a note says so.
   * Who approves the plan approves what shows then, but for deletions.
   */
  readonly isPartial?: boolean
  /** What was read of somebody by their user id, in this very plan. Absent where the step tells of no single people. */
  readonly accessOf?: (userId: string) => AccessRead
  /** As far as the service tells. */
  readonly uses?: readonly Use[]
}

/** What was found out before. */
export interface KnownStep {
  /** Of the main resource; null: none was made yet, as far as is known. */
  readonly externalId: string | null
}

/** Something of ours as a survey found it. */
export interface Surveyed extends Resource {
  /** By its stamp, or by whatever else tells; null: it only can be told by its id. */
  readonly tenantId: string | null
}

/** One step at one outside service: it observes and plans; what it planned can be applied. An integration implements it. */
export interface StepPlanner {
  readonly service: ServiceName
  /** What it brings about, such as `group`; unique within the service. */
  readonly step: string
  /**
   * Reads what the service holds for the tenant, and plans. Changes nothing. After every change of a plan was made,
   * planning again gives none.
   *
   * @param signal aborts when the process drains or the lease is lost; the call then throws
   * @throws IntegrationError for every failure of the service
   */
  plan(tenant: DesiredTenant, known: KnownStep, signal: AbortSignal): Promise<StepPlan>
  /**
   * Lists what the service holds of all tenants, so many calls as there are pages of 100.
   *
   * @param cursor as the page before gave; null: from the start
   * @throws IntegrationError
   */
  survey?(
    cursor: string | null,
    signal: AbortSignal,
  ): Promise<{ found: readonly Surveyed[]; next: string | null }>
}
