import { languageOf } from './language'
import { messageOf } from './layout'
import type { Message } from './mailer.port'
import { signatureOf, type MailRecipient, type MailSender } from './mail-parties'
import { nameInMail } from './plain-words'

/**
 * Tells a member that everything is set up for them.
 *
 * @param told.url the tenant's page in the portal
 * @param told.places where people find the services, addresses of our own configuration
 * @param told.mailbox their new address; null: they have none
 * @param told.firstPasswordUrl where they choose their first password; whoever has it is them, so that the message goes
 *   to nobody else. Null: they have one
 */
export function onboardingMail(
  sender: MailSender,
  to: MailRecipient,
  told: {
    tenantName: string
    url: string
    places: readonly string[]
    mailbox: string | null
    firstPasswordUrl: string | null
  },
): Message {
  const language = languageOf(to.locale)
  const tenant = nameInMail(told.tenantName)
  const portal = nameInMail(sender.portalName)
  const { mailbox, places, firstPasswordUrl } = told
  const words = {
    en: {
      subject: `${tenant} is ready for you`,
      welcome: `You are a member of “${tenant}” on ${portal}, and everything is set up for you.`,
      mailbox: `Your new mail address is ${mailbox}.`,
      places: `You find it all here: ${places.join(' , ')}`,
      password: `You have a new account. Choose its password first, and keep this address to yourself: ${firstPasswordUrl}`,
      label: `Go to ${portal}`,
      afterwards: [`This message is for ${to.email} alone.`],
    },
    de: {
      subject: `${tenant} ist für Sie bereit`,
      welcome: `Sie sind bei „${tenant}“ auf ${portal} dabei, und alles ist für Sie eingerichtet.`,
      mailbox: `Ihre neue Mailadresse ist ${mailbox}.`,
      places: `Sie finden alles hier: ${places.join(' , ')}`,
      password: `Sie haben ein neues Konto. Wählen Sie zuerst sein Passwort, und geben Sie diese Adresse nicht weiter: ${firstPasswordUrl}`,
      label: `Zu ${portal}`,
      afterwards: [`Diese Nachricht ist nur für ${to.email}.`],
    },
  }[language]
  const paragraphs = [
    words.welcome,
    ...(mailbox === null ? [] : [words.mailbox]),
    ...(firstPasswordUrl === null ? [] : [words.password]),
    ...(places.length === 0 ? [] : [words.places]),
  ]
  const { subject, label, afterwards } = words
  const signature = signatureOf(sender)
  const button = { label, url: told.url }
  return messageOf({ to: to.email, language, subject, paragraphs, button, afterwards, signature })
}
