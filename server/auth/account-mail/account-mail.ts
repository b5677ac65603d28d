import type { Mailer, MailRecipient, MailSender, Message } from '#server/domain/mail/mail'
import type { UserRow } from '#server/domain/users/users'
import type { Errands } from '#server/lib/errands'

/** What mails about somebody's account go out with. */
export interface AccountMail {
  mailer: Mailer
  errands: Errands
  /** As the portal calls itself, and its origin. */
  sender: MailSender
}

/**
 * Tells somebody of what happened to their account, where there is mail and an address. The answer does not wait for
 * it, and does not depend on it.
 *
 * @param what for the log, such as `a mail that the password was changed`
 */
export function tell(
  mail: AccountMail | undefined,
  { email, locale }: Pick<UserRow, 'email' | 'locale'>,
  what: string,
  write: (sender: MailSender, to: MailRecipient) => Message,
): void {
  if (!mail || !email) return
  const message = write(mail.sender, { email, locale })
  mail.errands.run(what, () => mail.mailer.send(message))
}
