import type { ChangePassword } from '#shared/contracts/users'
import { userError } from '#server/domain/users/users'
import type { CallerScope } from '#server/scope'
import { startSession } from '../sessions/sessions'
import type { SessionDevice, StartedSession } from '../sessions/sessions'
import type { SignInMeans } from '../sign-in/sign-in'

/**
 * Changes the caller's own password. Every session of theirs ends in the same transaction, so that a stolen one does
 * not outlive the password, and a new one begins for the browser that asked.
 *
 * @throws AppError password.wrong, password.too_weak, user.no_local_password, rate.limited
 */
export async function changePassword(
  scope: CallerScope,
  { passwords, attempts, sessionLimits }: SignInMeans,
  input: ChangePassword,
  device: SessionDevice,
): Promise<StartedSession> {
  const { id, email, name, passwordHash } = await scope.stores.self.get()
  if (!passwordHash) throw userError('user.no_local_password')
  await attempts.count('account', email ?? id)
  await passwords.confirm(input.currentPassword, passwordHash, 'currentPassword')
  await attempts.forget(email ?? id)
  const changed = await passwords.hashNew(input.newPassword, {
    path: 'newPassword',
    about: [email ?? '', name],
  })
  return scope.transaction(async ({ self, ownSessions, audit }) => {
    if (!(await self.update({ passwordHash: changed }))) throw userError('user.not_found')
    await ownSessions.endAll()
    await audit.record({ action: 'user.password_changed', subject: { kind: 'user', id } })
    return startSession(ownSessions, scope.clock, sessionLimits, device, { method: 'password' })
  })
}
