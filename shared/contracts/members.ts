import { z } from 'zod'
import { Email, Id, PageQuery, pageOf, SearchText, Timestamp } from './common'
import { TenantRole } from './tenants'

export const MembershipSource = z.enum(['manual', 'idp', 'invitation'])

export const Member = z.object({
  userId: Id,
  email: z.string().nullable(),
  name: z.string(),
  role: TenantRole,
  source: MembershipSource,
  createdAt: Timestamp,
})
export type Member = z.output<typeof Member>
export const MemberPage = pageOf(Member)

export const MemberQuery = PageQuery.extend({ search: SearchText })

/** Adds a user who exists already. */
export const AddMember = z.strictObject({ email: Email, role: TenantRole.default('member') })
export type AddMember = z.output<typeof AddMember>

export const UpdateMember = z.strictObject({ role: TenantRole })
export type UpdateMember = z.output<typeof UpdateMember>
