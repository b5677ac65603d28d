import type { ForgotPassword, ResetPassword } from '#shared/contracts/auth'
import { passwordChangedMail, passwordResetMail } from '#server/domain/mail/mail'
import { addSeconds } from '#server/lib/clock'
import { defineErrors } from '#server/lib/errors'
import { newToken, sha256 } from '#server/lib/ids'
import type { PlatformScope } from '#server/scope'
import { tell, type AccountMail } from '../account-mail/account-mail'
import type { SessionDevice } from '../sessions/sessions'
import type { SignInMeans } from '../sign-in/means'

const resetError = defineErrors({
  'password_reset.unavailable': { status: 409, title: 'This portal sends no mail.' },
  'password_reset.not_found': { status: 404, title: 'This link can’t be used any more. Ask for a new one.' },
})

const validMinutes = 30

/**
 * Has a mail sent by which a forgotten password is replaced. Whether anybody has the address is looked up after the
 * answer, so that neither its words nor its time tell.
 *
 * @param mail undefined where there is none
 * @throws AppError password_reset.unavailable, rate.limited
 */
export async function forgotPassword(
  scope: PlatformScope,
  { attempts }: Pick<SignInMeans, 'attempts'>,
  mail: AccountMail | undefined,
  { email }: ForgotPassword,
  device: SessionDevice,
): Promise<void> {
  if (!mail) throw resetError('password_reset.unavailable')
  await attempts.count('mailFrom', device.address ?? 'unknown')
  await attempts.count('mailTo', email)
  mail.errands.run('a mail for a forgotten password', () => sendReset(scope, mail, email))
}

async function sendReset(scope: PlatformScope, mail: AccountMail, email: string): Promise<void> {
  const token = newToken()
  const user = await scope.transaction(async (stores) => {
    const user = await stores.users.findByEmail(email)
    // Whoever has no password here signs in elsewhere: a mail must not open another way.
    if (!user?.passwordHash || user.status !== 'active') return null
    const expiresAt = addSeconds(scope.clock.now(), validMinutes * 60)
    await stores.resets.create(user.id, sha256(token), expiresAt)
    await stores.audit.record({
      action: 'user.password_reset_asked',
      subject: { kind: 'user', id: user.id },
    })
    return user
  })
  if (!user) return
  // In the fragment, which browsers send to nobody.
  const url = `${mail.sender.origin}/auth/reset#token=${token}`
  const message = passwordResetMail(mail.sender, { email, locale: user.locale }, { url, validMinutes })
  await mail.mailer.send(message)
}

/**
 * Replaces a forgotten password, once for each token. Every session of the user ends, and nobody is signed in: a second
 * factor is asked for as ever.
 *
 * @throws AppError password_reset.not_found, password.too_weak, rate.limited
 */
export async function resetPassword(
  scope: PlatformScope,
  { passwords, attempts }: Pick<SignInMeans, 'passwords' | 'attempts'>,
  mail: AccountMail | undefined,
  { token, password }: ResetPassword,
  device: SessionDevice,
): Promise<void> {
  const address = device.address ?? 'unknown'
  await attempts.count('address', address)
  const reset = await scope.stores.resets.find(sha256(token))
  if (!reset) throw resetError('password_reset.not_found')
  const { id, userId, user } = reset
  const about = [user.email ?? '', user.name]
  const passwordHash = await passwords.hashNew(password, { path: 'password', about })
  await scope.transaction(async (stores) => {
    const current = await stores.users.find(userId)
    if (current?.status !== 'active' || !(await stores.resets.use(id)))
      throw resetError('password_reset.not_found')
    await stores.users.update(userId, { passwordHash })
    await stores.sessions.endAllOf(userId)
    await stores
      .auditAs({ kind: 'user', id: userId })
      .record({ action: 'user.password_reset', subject: { kind: 'user', id: userId } })
  })
  await Promise.all([attempts.forget(user.email ?? userId), attempts.takeBack(address)])
  tell(mail, user, 'a mail that the password was changed', (sender, to) =>
    passwordChangedMail(sender, to, { at: scope.clock.now() }),
  )
}

/** Removes what can no longer be used. @returns how many there were */
export async function removeExpiredResets(scope: PlatformScope): Promise<number> {
  return (await scope.stores.resets.removeExpired()).count
}
