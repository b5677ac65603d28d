import type { Attempts } from '#server/auth/sign-in/attempts'
import type { MailLanguage } from '#shared/contracts/languages'
import { invitationMail, type Mailer, type MailSender } from '#server/domain/mail/mail'
import { IntegrationError } from '#server/lib/errors'
import { sha256 } from '#server/lib/ids'
import type { Log } from '#server/lib/log'
import type { TenantScope } from '#server/scope'
import type { InvitationRow } from './invitations.store'

/** What inviting works with. */
export interface InvitationMeans {
  /** Undefined where there is no mail server. */
  mailer: Mailer | undefined
  attempts: Pick<Attempts, 'count'>
  log: Log
  sender: MailSender
}

/** An invitation that was just written, with what the mail says beside it. */
export interface WrittenInvitation {
  invitation: InvitationRow
  tenantName: string
  /** That it is written in. */
  language: MailLanguage
  /** Known here alone. */
  token: string
}

/** An invitation as it is shown. @param byMail whether there is a mail server */
export function shown(invitation: InvitationRow, byMail: boolean) {
  const unsent = byMail ? ('failed' as const) : ('by_hand' as const)
  const delivery = invitation.sentAt ? ('sent' as const) : unsent
  return { ...invitation, invitedBy: invitation.invitedBy?.name ?? null, delivery }
}

/**
 * Counts a mail before it is written, so that nobody is flooded through this portal, from whichever tenant.
 *
 * @throws AppError rate.limited
 */
export async function countMail(scope: TenantScope, means: InvitationMeans, email: string): Promise<void> {
  if (!means.mailer) return
  await means.attempts.count('inviting', scope.tenant.id)
  await means.attempts.count('invited', email)
}

/**
 * Brings an invitation on its way; to be called after the commit, as a mail can't be taken back. Where the mail server
 * does not take it the invitation stands, and can be sent again. Where there is none, whoever invites is told the
 * address to hand over, this once.
 */
export async function deliver(scope: TenantScope, means: InvitationMeans, written: WrittenInvitation) {
  const { mailer, sender, log } = means
  const { invitation, token, tenantName, language } = written
  const { id, email, role, expiresAt, invitedBy } = invitation
  // Behind the #, which browsers keep to themselves: no proxy's log and no Referer holds it.
  const url = `${sender.origin}/invitation#${token}`
  if (!mailer) return { ...shown(invitation, false), acceptUrl: url }
  const to = { email, locale: language }
  const offer = { tenantName, role, expiresAt, url, invitedBy: invitedBy?.name ?? null }
  try {
    await mailer.send(invitationMail(sender, to, offer))
  } catch (error) {
    if (!(error instanceof IntegrationError)) throw error
    const fields = { requestId: scope.requestId, tenant: scope.tenant.slug, invitation: id, err: error }
    log.warn(fields, 'an invitation could not be mailed')
    return shown(invitation, true)
  }
  await scope.stores.invitations.noteSent(id, sha256(token))
  return shown({ ...invitation, sentAt: scope.clock.now() }, true)
}
