import { passwordReplacedMail } from '#server/domain/mail/mail'
import type { PasswordPort } from '#server/domain/users/passwords.port'
import { userError } from '#server/domain/users/users'
import type { PlatformScope } from '#server/scope'
import { tell, type AccountMail } from '../account-mail/account-mail'
import type { Attempts } from '../sign-in/attempts'

/**
 * Gives somebody who is locked out another password, in the name of whoever runs the server. Every session of theirs
 * ends in the same transaction, and so does a mail by which a forgotten one would have been replaced; a second factor is
 * asked for as ever. The person is told by mail.
 *
 * @param passwords undefined where there are no local passwords (oidc-only mode)
 * @param mail undefined where there is none
 * @throws AppError user.passwords_unavailable, user.not_found, password.too_weak
 */
export async function replacePassword(
  scope: PlatformScope,
  { passwords, attempts }: { passwords: PasswordPort | undefined; attempts: Pick<Attempts, 'forget'> },
  mail: AccountMail | undefined,
  { email, password }: { email: string; password: string },
): Promise<{ sessionsEnded: number }> {
  if (!passwords) throw userError('user.passwords_unavailable')
  const found = await scope.stores.users.findByEmail(email)
  if (!found || found.status === 'deleted') throw userError('user.not_found')
  const { id, name } = found
  const passwordHash = await passwords.hashNew(password, { path: 'password', about: [email, name] })
  const { user, sessionsEnded } = await scope.transaction(async (stores) => {
    const user = await stores.users.find(id)
    if (!user || user.status === 'deleted') throw userError('user.not_found')
    await stores.users.update(id, { passwordHash })
    const ended = await stores.sessions.endAllOf(id)
    await stores.resets.removeAllOf(id)
    await stores.audit.record({
      action: 'user.password_replaced',
      subject: { kind: 'user', id },
      after: { by: 'command line', sessionsEnded: ended },
    })
    return { user, sessionsEnded: ended }
  })
  await attempts.forget(email)
  tell(mail, user, 'a mail that the password was replaced', (sender, to) =>
    passwordReplacedMail(sender, to, { at: scope.clock.now() }),
  )
  return { sessionsEnded }
}
