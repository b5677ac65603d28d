import type { ChangePassword } from '#shared/contracts/users'
import { passwordChangedMail } from '#server/domain/mail/mail'
import { userError } from '#server/domain/users/users'
import type { SessionScope } from '#server/scope'
import { tell, type AccountMail } from '../account-mail/account-mail'
import { renewSession, type StartedSession } from '../sessions/sessions'
import type { SignInMeans } from '../sign-in/means'

/**
 * Changes the caller's own password. Every other session of theirs ends in the same transaction, so that a stolen one
 * does not outlive the password, and so does a mail by which a forgotten one would have been replaced; the browser that
 * asked goes on with another token. The person is told by mail.
 *
 * @param mail undefined where there is none
 * @throws AppError password.wrong, password.too_weak, user.no_local_password, rate.limited
 */
export async function changePassword(
  scope: SessionScope,
  { passwords, attempts }: Pick<SignInMeans, 'passwords' | 'attempts'>,
  mail: AccountMail | undefined,
  input: ChangePassword,
): Promise<StartedSession> {
  const user = await scope.stores.self.get()
  const { id, email, name, passwordHash } = user
  if (!passwordHash) throw userError('user.no_local_password')
  await attempts.count('account', email ?? id)
  await passwords.confirm(input.currentPassword, passwordHash, 'currentPassword')
  await attempts.forget(email ?? id)
  const changed = await passwords.hashNew(input.newPassword, {
    path: 'newPassword',
    about: [email ?? '', name],
  })
  const session = await scope.transaction(async ({ self, ownSessions, ownResets, audit }) => {
    if (!(await self.update({ passwordHash: changed }))) throw userError('user.not_found')
    await ownSessions.endAllBut(scope.session.id)
    await ownResets.removeAll()
    await audit.record({ action: 'user.password_changed', subject: { kind: 'user', id } })
    return renewSession(ownSessions, scope.session.id, {})
  })
  tell(mail, user, 'a mail that the password was changed', (sender, to) =>
    passwordChangedMail(sender, to, { at: scope.clock.now() }),
  )
  return session
}
