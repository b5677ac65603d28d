import type { MailRecipient, MailSender } from './mail-parties'
import type { Message } from './mailer.port'
import { noticeMail } from './notice-mail'

/** Tells somebody that an operator gave them another password; whoever did not ask for it can still act. */
export const passwordReplacedMail = (
  sender: MailSender,
  to: MailRecipient,
  replaced: { at: Date },
): Message =>
  noticeMail(sender, to, replaced.at, ({ portal, at, origin }) => ({
    en: {
      subject: `Your password for ${portal} was replaced`,
      paragraphs: [
        `Whoever runs ${portal} gave your account another password on ${at}. Every session was ended.`,
      ],
      afterwards: [
        'If you asked for it, sign in with the password that you were given, and choose one of your own in your account.',
        `If you did not, choose a new password on the sign-in page of ${origin} at once, and tell whoever runs the portal.`,
      ],
    },
    de: {
      subject: `Ihr Passwort für ${portal} wurde ersetzt`,
      paragraphs: [
        `Die Betreiber von ${portal} haben Ihrem Konto am ${at} ein anderes Passwort gegeben. Alle Sitzungen wurden beendet.`,
      ],
      afterwards: [
        'Wenn Sie darum gebeten haben, melden Sie sich mit dem Passwort an, das Sie bekommen haben, und wählen Sie in Ihrem Konto ein eigenes.',
        `Wenn nicht, wählen Sie sofort auf der Anmeldeseite von ${origin} ein neues Passwort, und sagen Sie den Betreibern des Portals Bescheid.`,
      ],
    },
  }))
