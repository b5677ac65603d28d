import { languageOf, momentInWords } from './language'
import { messageOf } from './layout'
import type { Message } from './mailer.port'
import type { MailRecipient, MailSender } from './mail-parties'
import { nameInMail } from './plain-words'

/** Tells somebody that an operator gave them another password; whoever did not ask for it can still act. */
export function passwordReplacedMail(sender: MailSender, to: MailRecipient, replaced: { at: Date }): Message {
  const language = languageOf(to.locale)
  const portal = nameInMail(sender.portalName)
  const at = momentInWords(replaced.at, language)
  const words = {
    en: {
      subject: `Your password for ${portal} was replaced`,
      paragraphs: [
        `Whoever runs ${portal} gave your account another password on ${at}. Every session was ended.`,
      ],
      afterwards: [
        'If you asked for it, sign in with the password that you were given, and choose one of your own in your account.',
        `If you did not, choose a new password on the sign-in page of ${sender.origin} at once, and tell whoever runs the portal.`,
      ],
    },
    de: {
      subject: `Ihr Passwort für ${portal} wurde ersetzt`,
      paragraphs: [
        `Die Betreiber von ${portal} haben Ihrem Konto am ${at} ein anderes Passwort gegeben. Alle Sitzungen wurden beendet.`,
      ],
      afterwards: [
        'Wenn Sie darum gebeten haben, melden Sie sich mit dem Passwort an, das Sie bekommen haben, und wählen Sie in Ihrem Konto ein eigenes.',
        `Wenn nicht, wählen Sie sofort auf der Anmeldeseite von ${sender.origin} ein neues Passwort, und sagen Sie den Betreibern des Portals Bescheid.`,
      ],
    },
  }[language]
  const signature = `${portal} · ${sender.origin}`
  return messageOf({ to: to.email, language, ...words, signature })
}
