import { z } from 'zod'
import { DisplayName, Id, PageQuery, pageOf, SearchText, Timestamp } from './common'
import { MailLanguage, portalLanguage } from './languages'
import { Slug } from './slugs'
import { Plan } from './subscriptions'

export const TenantStatus = z.enum(['pending', 'active', 'suspended', 'archived', 'deleting'])
export type TenantStatus = z.output<typeof TenantStatus>

export const TenantRole = z.enum(['owner', 'admin', 'member'])
export type TenantRole = z.output<typeof TenantRole>

export const Tenant = z.object({
  id: Id,
  slug: z.string(),
  name: z.string(),
  status: TenantStatus,
  plan: Plan,
  /** The caller's in this tenant; null for an operator who is no member. */
  role: TenantRole.nullable(),
  /** Verified mail domains. */
  domains: z.array(z.string()),
  /** While deleting: until when it can be restored. */
  purgeAt: Timestamp.nullable(),
  /** Whether nothing is deleted at a service before an operator has approved the plan that says so. */
  approveDeletions: z.boolean(),
  /** Of the mails to its people who have chosen none of their own. */
  locale: MailLanguage,
  createdAt: Timestamp,
  updatedAt: Timestamp,
})
export type Tenant = z.output<typeof Tenant>
export const TenantPage = pageOf(Tenant)

/** `search` looks at the start of slug and name. */
export const TenantQuery = PageQuery.extend({ search: SearchText, status: TenantStatus.optional() })

export const CreateTenant = z.strictObject({
  slug: Slug,
  name: DisplayName,
  plan: Plan.default('mvp'),
  locale: MailLanguage.default(portalLanguage),
})
export type CreateTenant = z.output<typeof CreateTenant>

/** The slug is not among them: it names the tenant in every service. `approveDeletions` is an operator's to set. */
export const UpdateTenant = z.strictObject({
  name: DisplayName.optional(),
  locale: MailLanguage.optional(),
  approveDeletions: z.boolean().optional(),
})
export type UpdateTenant = z.output<typeof UpdateTenant>
