import type { z } from 'zod'
import type { Attempts } from '#server/auth/sign-in/attempts'
import type { Mailer } from '#server/domain/mail/mail'
import { memberError } from '#server/domain/members/members'
import type { TenantScope } from '#server/scope'
import type { ResendOnboarding } from '#shared/contracts/onboarding'
import { provisioningError } from './provisioning.errors'

/**
 * Has the onboarding mail sent again: to one member, whatever became of the former; without one, to all whom it may not
 * have reached. The step `onboarding` sends it.
 *
 * @throws AppError onboarding.no_mail_server, member.not_found, rate.limited
 */
export async function resendOnboarding(
  scope: TenantScope,
  { mailer, attempts }: { mailer: Mailer | undefined; attempts: Attempts },
  { userId }: z.output<typeof ResendOnboarding> = {},
): Promise<{ runId: string }> {
  if (!mailer) throw provisioningError('onboarding.no_mail_server')
  const { id } = scope.tenant
  const member = userId === undefined ? undefined : await scope.stores.members.find(userId)
  if (member === null) throw memberError('member.not_found')
  await attempts.count('inviting', id)
  if (member?.email) await attempts.count('invited', member.email)
  const runId = await scope.transaction(async (stores) => {
    if (member) await stores.onboarding.forget(member.userId)
    else await stores.onboarding.forgetUnsure()
    const run = await stores.steps.ask('requested')
    await stores.audit.record({
      action: 'tenant.onboarding_resent',
      subject: member ? { kind: 'membership', id: member.userId } : { kind: 'tenant', id },
      after: { runId: run },
    })
    return run
  })
  scope.wake(id)
  return { runId }
}
