import type { MailRecipient, MailSender } from './mail-parties'
import type { Message } from './mailer.port'
import { noticeMail } from './notice-mail'

/** Tells somebody that an operator removed their second factors; whoever did not ask for it can still act. */
export const secondFactorResetMail = (sender: MailSender, to: MailRecipient, reset: { at: Date }): Message =>
  noticeMail(sender, to, reset.at, ({ portal, at, origin }) => ({
    en: {
      subject: `Your second step for ${portal} was removed`,
      paragraphs: [
        `Whoever runs ${portal} removed the second step of your sign-in on ${at}. Your app, passkeys and recovery codes count no more, and every session was ended.`,
      ],
      afterwards: [
        'If you asked for it, sign in by your password, and set a second step up anew.',
        `If you did not, choose a new password on the sign-in page of ${origin} at once, and tell whoever runs the portal.`,
      ],
    },
    de: {
      subject: `Ihr zweiter Schritt für ${portal} wurde entfernt`,
      paragraphs: [
        `Die Betreiber von ${portal} haben den zweiten Schritt Ihrer Anmeldung am ${at} entfernt. Ihre App, Passkeys und Wiederherstellungscodes gelten nicht mehr, und alle Sitzungen wurden beendet.`,
      ],
      afterwards: [
        'Wenn Sie darum gebeten haben, melden Sie sich mit Ihrem Passwort an, und richten Sie einen zweiten Schritt neu ein.',
        `Wenn nicht, wählen Sie sofort auf der Anmeldeseite von ${origin} ein neues Passwort, und sagen Sie den Betreibern des Portals Bescheid.`,
      ],
    },
  }))
