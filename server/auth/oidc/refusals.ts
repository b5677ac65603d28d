import { AppError } from '#server/lib/errors'
import type { PlatformScope } from '#server/scope'
import type { Attempts } from '../sign-in/attempts'

/** Not where the provider or we are out of order, or there is no provider. */
const isRefusal = ({ code, status }: AppError) => code.startsWith('auth.') && status < 500 && status !== 404

/**
 * Notes that somebody was refused: one line in the audit, with the code and nothing that was sent. Refusals count
 * against the address, so that nobody fills the audit.
 *
 * @returns what they are told: the error, or that there were too many
 */
export async function noteRefusal(
  scope: PlatformScope,
  attempts: Pick<Attempts, 'count'>,
  error: unknown,
  from: { address: string | null; action?: 'user.sign_in_refused' | 'session.logout_refused' },
): Promise<unknown> {
  if (!(error instanceof AppError) || !isRefusal(error)) return error
  try {
    await attempts.count('address', from.address ?? 'unknown')
  } catch (limited) {
    return limited
  }
  await scope.stores.audit.record({
    action: from.action ?? 'user.sign_in_refused',
    subject: { kind: 'portal', id: 'sign-in' },
    after: { code: error.code, method: 'oidc' },
  })
  return error
}
