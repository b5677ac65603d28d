import { sha256 } from '#server/lib/ids'
import type { PlatformScope } from '#server/scope'
import { startSession, type SessionLimits, type SessionProof } from '../sessions/sessions'
import type { SignInOrigin } from './means'

/**
 * Notes the login and begins the session in place of the browser's former one; within a transaction. Somebody who has
 * shown no second factor, and of whom one is asked, gets a session that is good for setting one up.
 *
 * @returns null where the user may not sign in any more
 */
export async function beginSession(
  { stores, clock }: Pick<PlatformScope, 'stores' | 'clock'>,
  limits: SessionLimits,
  userId: string,
  { device, formerToken }: SignInOrigin,
  proof: SessionProof,
  passwordHash?: string,
) {
  if (formerToken) await stores.sessions.endByHash(sha256(formerToken))
  const user = await stores.users.noteLogin(userId, passwordHash)
  if (!user) return null
  // Which factors the provider wants is its own policy.
  const isExempt = proof.method === 'oidc' || proof.secondFactor
  const restricted = !isExempt && (await stores.requirement.isAskedOf(userId))
  const session = await startSession(stores.sessions.of(userId), clock, limits, device, {
    ...proof,
    restricted,
  })
  await stores.auditAs({ kind: 'user', id: userId }).record({
    action: 'user.signed_in',
    subject: { kind: 'user', id: userId },
    after: { method: proof.method },
  })
  return { user, session }
}
