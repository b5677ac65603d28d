import { z } from 'zod'
import { Id, PageQuery, pageOf, SearchText, Timestamp } from './common'

export const Plan = z.enum(['mvp', 'pro', 'enterprise'])
export type Plan = z.output<typeof Plan>

/** What a plan holds. */
export interface PlanContent {
  readonly name: string
  /** Most members. */
  readonly seats: number
  /** For the tenant's whole space. */
  readonly storageGibibytes: number
  /** For each mailbox. */
  readonly mailboxGibibytes: number
}

export const plans: Readonly<Record<Plan, PlanContent>> = {
  mvp: { name: 'MVP', seats: 5, storageGibibytes: 10, mailboxGibibytes: 2 },
  pro: { name: 'Pro', seats: 50, storageGibibytes: 500, mailboxGibibytes: 20 },
  enterprise: { name: 'Enterprise', seats: 5000, storageGibibytes: 10_000, mailboxGibibytes: 50 },
}

/** A tenant's subscription, with what its plan holds and how many seats are taken. */
export const Subscription = z.object({
  id: Id,
  tenant: z.string(),
  plan: Plan,
  seats: z.number().int(),
  seatsUsed: z.number().int(),
  storageGibibytes: z.number().int(),
  createdAt: Timestamp,
  updatedAt: Timestamp,
})
export type Subscription = z.output<typeof Subscription>
export const SubscriptionPage = pageOf(Subscription)

export const SubscriptionQuery = PageQuery.extend({ search: SearchText, plan: Plan.optional() })

export const UpdateSubscription = z.strictObject({ plan: Plan })
export type UpdateSubscription = z.output<typeof UpdateSubscription>
