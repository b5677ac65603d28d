import { secondFactorResetMail } from '#server/domain/mail/mail'
import { userError } from '#server/domain/users/users'
import type { OperatorScope } from '#server/scope'
import { tell, type AccountMail } from '../account-mail/account-mail'
import type { Attempts } from '../sign-in/attempts'
import { secondFactorError } from './second-factor.errors'

/**
 * Removes all second factors of somebody who lost them, as an operator who made sure of who asks. Every session of
 * theirs ends in the same transaction, the person is told by mail, and where a second factor is asked of them, their
 * next sign-in is good for setting one up alone. Where they have none, nothing happens.
 *
 * Nobody does it to themselves: it would be a way past the proof by which one's own factors are removed.
 *
 * @param mail undefined where there is none
 * @throws AppError user.not_found, second_factor.is_your_own
 */
export async function resetFactors(
  scope: OperatorScope,
  { attempts }: { attempts: Pick<Attempts, 'forget'> },
  mail: AccountMail | undefined,
  userId: string,
): Promise<void> {
  if (userId === scope.actorId)
    throw secondFactorError('second_factor.is_your_own', { detail: 'Ask another operator.' })
  const user = await scope.transaction(async (stores) => {
    const user = await stores.users.find(userId)
    if (!user || user.status === 'deleted') throw userError('user.not_found')
    const factors = stores.factorsOf(userId)
    const had = await factors.kinds()
    if (had.length === 0) return null
    await factors.removeAll()
    const sessions = await stores.sessions.endAllOf(userId)
    await stores.audit.record({
      action: 'second_factor.reset',
      subject: { kind: 'user', id: userId },
      before: { factors: had.join(', ') },
      after: { factors: null, sessionsEnded: sessions },
    })
    return user
  })
  if (!user) return
  // Wrong codes of what is lost must not keep them from setting up what is new.
  await attempts.forget(userId, 'factor')
  const at = scope.clock.now()
  tell(mail, user, 'a mail that the second factors were reset', (sender, to) =>
    secondFactorResetMail(sender, to, { at }),
  )
}
