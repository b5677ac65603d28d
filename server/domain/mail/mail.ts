import type { TenantRole } from '#shared/contracts/tenants'
import { languageOf, momentInWords } from './language'
import { messageOf } from './layout'
import { signatureOf, type MailRecipient, type MailSender } from './mail-parties'
import type { Message } from './mailer.port'
import { nameInMail } from './plain-words'

export { languageOf, languageWithin } from './language'
export { onboardingMail } from './onboarding-mail'
export { passwordChangedMail } from './password-changed-mail'
export { passwordReplacedMail } from './password-replaced-mail'
export { secondFactorResetMail } from './second-factor-mail'
export type { MailRecipient, MailSender } from './mail-parties'
export type { Mailer, Message } from './mailer.port'

const roles: Record<'en' | 'de', Record<TenantRole, string>> = {
  en: { owner: 'an owner', admin: 'an admin', member: 'a member' },
  de: { owner: 'Inhaber', admin: 'Admin', member: 'Mitglied' },
}

/**
 * Asks somebody to become a member of a tenant.
 *
 * @param invitation.url where they accept; holds the token, so that the message goes to nobody else
 * @param invitation.invitedBy name of who invites; null where nobody can be named
 */
export function invitationMail(
  sender: MailSender,
  to: MailRecipient,
  invitation: {
    tenantName: string
    role: TenantRole
    invitedBy: string | null
    url: string
    expiresAt: Date
  },
): Message {
  const language = languageOf(to.locale)
  const tenant = nameInMail(invitation.tenantName)
  const portal = nameInMail(sender.portalName)
  const by = invitation.invitedBy && nameInMail(invitation.invitedBy)
  const role = roles[language][invitation.role]
  const until = momentInWords(invitation.expiresAt, language)
  const words = {
    en: {
      subject: `Your invitation to ${tenant}`,
      paragraphs: [`${by ?? 'Somebody'} invites you to become ${role} of “${tenant}” on ${portal}.`],
      label: 'Look at the invitation',
      afterwards: [
        `The invitation is for ${to.email} alone, can be used once, and ends on ${until}.`,
        'If you did not expect it, do nothing: without you nothing happens.',
      ],
    },
    de: {
      subject: `Ihre Einladung zu ${tenant}`,
      paragraphs: [
        `${by ?? 'Jemand'} lädt Sie ein, bei „${tenant}“ auf ${portal} dabei zu sein. Ihre Rolle: ${role}.`,
      ],
      label: 'Einladung ansehen',
      afterwards: [
        `Die Einladung gilt nur für ${to.email}, lässt sich einmal verwenden und endet am ${until}.`,
        'Wenn Sie sie nicht erwartet haben, tun Sie nichts: Ohne Sie geschieht nichts.',
      ],
    },
  }[language]
  const { subject, paragraphs, label, afterwards } = words
  const button = { label, url: invitation.url }
  const signature = signatureOf(sender)
  return messageOf({ to: to.email, language, subject, paragraphs, button, afterwards, signature })
}

/**
 * Gives somebody the way to choose a new password.
 *
 * @param reset.url where they choose it; holds the token, so that the message goes to nobody else
 * @param reset.validMinutes how long the address can be used, once
 */
export function passwordResetMail(
  sender: MailSender,
  to: MailRecipient,
  reset: { url: string; validMinutes: number },
): Message {
  const language = languageOf(to.locale)
  const portal = nameInMail(sender.portalName)
  const words = {
    en: {
      subject: `Choose a new password for ${portal}`,
      paragraphs: [`Somebody, likely you, asked for a new password for your account at ${portal}.`],
      label: 'Choose a new password',
      afterwards: [
        `The address can be used once, within ${reset.validMinutes} minutes.`,
        'If it was not you, do nothing: your password stays as it is.',
      ],
    },
    de: {
      subject: `Neues Passwort für ${portal}`,
      paragraphs: [`Jemand, vermutlich Sie, möchte ein neues Passwort für Ihr Konto bei ${portal}.`],
      label: 'Neues Passwort wählen',
      afterwards: [
        `Die Adresse lässt sich einmal verwenden, innerhalb von ${reset.validMinutes} Minuten.`,
        'Wenn Sie es nicht waren, tun Sie nichts: Ihr Passwort bleibt, wie es ist.',
      ],
    },
  }[language]
  const { subject, paragraphs, label, afterwards } = words
  const button = { label, url: reset.url }
  const signature = signatureOf(sender)
  return messageOf({ to: to.email, language, subject, paragraphs, button, afterwards, signature })
}
