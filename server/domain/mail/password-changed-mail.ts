import type { MailRecipient, MailSender } from './mail-parties'
import type { Message } from './mailer.port'
import { noticeMail } from './notice-mail'

/** Tells somebody that their password was changed by who has it, or by a mail; to be sent after every such change. */
export const passwordChangedMail = (sender: MailSender, to: MailRecipient, change: { at: Date }): Message =>
  noticeMail(sender, to, change.at, ({ portal, at, origin }) => ({
    en: {
      subject: `Your password for ${portal} was changed`,
      paragraphs: [
        `The password of your account at ${portal} was changed on ${at}. Every other session was ended.`,
      ],
      afterwards: [
        'If it was you, there is nothing to do.',
        `If it was not you, choose a new password on the sign-in page of ${origin}, and tell whoever runs the portal.`,
      ],
    },
    de: {
      subject: `Ihr Passwort für ${portal} wurde geändert`,
      paragraphs: [
        `Das Passwort Ihres Kontos bei ${portal} wurde am ${at} geändert. Alle anderen Sitzungen wurden beendet.`,
      ],
      afterwards: [
        'Wenn Sie es waren, ist nichts zu tun.',
        `Wenn Sie es nicht waren, wählen Sie auf der Anmeldeseite von ${origin} ein neues Passwort, und sagen Sie den Betreibern des Portals Bescheid.`,
      ],
    },
  }))
