import { z } from 'zod'
import { DisplayName, Email, Id, PageQuery, pageOf, Timestamp } from './common'
import { TenantRole } from './tenants'
import { NewPassword } from './users'

/**
 * How an invitation reaches the person: by a mail that the mail server took, by one that it did not take yet, or, where
 * there is no mail server, in the hands of who invites.
 */
export const InvitationDelivery = z.enum(['sent', 'failed', 'by_hand'])

/** An open invitation. */
export const Invitation = z.object({
  id: Id,
  email: z.string(),
  role: TenantRole,
  /** Name of who invites; null where they are gone. */
  invitedBy: z.string().nullable(),
  delivery: InvitationDelivery,
  createdAt: Timestamp,
  sentAt: Timestamp.nullable(),
  expiresAt: Timestamp,
  /** Where it is accepted. Told once, where it was just made and there is no mail server. */
  acceptUrl: z.string().optional(),
})
export type Invitation = z.output<typeof Invitation>
export const InvitationPage = pageOf(Invitation)
export const InvitationQuery = PageQuery

export const InviteMember = z.strictObject({ email: Email, role: TenantRole.default('member') })
export type InviteMember = z.output<typeof InviteMember>

/**
 * What whoever opens the invitation has to do: make an account, sign in as who they are, accept as who they are, or
 * give way to the person whom it is for.
 */
export const InvitationStep = z.enum(['create_account', 'sign_in', 'accept', 'other_person'])

/** An invitation as its token shows it. */
export const InvitationOffer = z.object({
  tenant: z.object({ name: z.string() }),
  invitedBy: z.string().nullable(),
  email: z.string(),
  role: TenantRole,
  expiresAt: Timestamp,
  next: InvitationStep,
})
export type InvitationOffer = z.output<typeof InvitationOffer>

/** Name and password of somebody who makes an account by accepting. */
export const NewAccount = z.strictObject({ name: DisplayName, password: NewPassword })
export type NewAccount = z.output<typeof NewAccount>

/** As a new person, with name and password; as the person who is signed in, with neither. */
export const AcceptInvitation = z
  .strictObject(NewAccount.partial().shape)
  .refine(({ name, password }) => password === undefined || name !== undefined, {
    path: ['name'],
    message: 'A name is needed.',
  })
  .refine(({ name, password }) => name === undefined || password !== undefined, {
    path: ['password'],
    message: 'A password is needed.',
  })
  .default({})
export type AcceptInvitation = z.output<typeof AcceptInvitation>

export const AcceptedInvitation = z.object({
  /** The tenant's slug. */
  tenant: z.string(),
  name: z.string(),
  role: TenantRole,
})
export type AcceptedInvitation = z.output<typeof AcceptedInvitation>
