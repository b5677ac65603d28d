import { passwordChangedMail, type Mailer } from '#server/domain/mail/mail'
import type { UserRow } from '#server/domain/users/users'
import type { Clock } from '#server/lib/clock'
import type { Errands } from '#server/lib/errands'

/** What mails about passwords go out with. */
export interface PasswordMail {
  mailer: Mailer
  errands: Errands
  /** As the portal calls itself, and its origin. */
  sender: { portalName: string; origin: string }
}

/** Tells somebody that their password was changed, where there is mail and an address. */
export function tellOfChange(
  mail: PasswordMail | undefined,
  { email, locale }: Pick<UserRow, 'email' | 'locale'>,
  clock: Clock,
): void {
  if (!mail || !email) return
  const message = passwordChangedMail(mail.sender, { email, locale }, { at: clock.now() })
  mail.errands.run('a mail that the password was changed', () => mail.mailer.send(message))
}
