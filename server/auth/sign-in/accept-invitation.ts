import type { AcceptedInvitation, AcceptInvitation } from '#shared/contracts/invitations'
import { acceptAs, getOpenInvitation, invitationError, join } from '#server/domain/invitations/invitations'
import { isUniqueViolation } from '#server/storage/database.errors'
import type { PlatformScope } from '#server/scope'
import type { StartedSession } from '../sessions/sessions'
import { beginSession } from './begin-session'
import { isLocalSignInOn, type LocalSignInMeans } from './local-sign-in'
import { countedLook } from './attempts'
import type { SignInMeans, SignInOrigin } from './means'

/** Accepting as somebody who is signed in begins no session. */
interface Accepted {
  accepted: AcceptedInvitation
  session?: StartedSession
}

/**
 * Accepts an invitation: as the person who is signed in, or as a new person, who is signed in then. The token shows
 * that its mail arrived, or that an admin handed it over; so the new account has the address of the invitation.
 *
 * @param holder who is signed in, null for nobody; and the account to be made, where one is
 * @throws AppError invitation.not_found, invitation.sign_in_first, invitation.for_another_address,
 *   invitation.tenant_closed, subscription.seats_exhausted, password.too_weak, rate.limited
 */
export async function acceptInvitation(
  scope: PlatformScope,
  means: SignInMeans & LocalSignInMeans,
  token: string,
  holder: { callerId: string | null; account: AcceptInvitation },
  origin: SignInOrigin,
): Promise<Accepted> {
  const { callerId, account } = holder
  return countedLook(means, origin.device.address, async () =>
    callerId
      ? { accepted: await acceptAs(scope, means.config.authMode, token, callerId) }
      : acceptAsNew(scope, means, token, account, origin),
  )
}

async function acceptAsNew(
  scope: PlatformScope,
  means: Parameters<typeof acceptInvitation>[1],
  token: string,
  { name, password }: AcceptInvitation,
  origin: SignInOrigin,
): Promise<Accepted> {
  const { passwords, sessionLimits } = means
  const { email } = await getOpenInvitation(scope.stores, token)
  const signInFirst = invitationError('invitation.sign_in_first')
  if (name === undefined || password === undefined) throw signInFirst
  if (!(await isLocalSignInOn(scope, means))) throw signInFirst
  if (await scope.stores.users.findByEmail(email)) throw signInFirst
  const passwordHash = await passwords.hashNew(password, { path: 'password', about: [email, name] })
  try {
    const { tenantId, ...done } = await scope.transaction(async (stores) => {
      const invitation = await getOpenInvitation(stores, token)
      const user = await stores.users.create({
        // A token that was handed over shows nothing of the address.
        ...{ email, emailVerified: invitation.sentAt !== null, name },
        ...{ platformRole: 'user', passwordHash },
      })
      const audit = stores.auditAs({ kind: 'user', id: user.id })
      await audit.record({
        action: 'user.created',
        subject: { kind: 'user', id: user.id },
        after: { email, name, platformRole: user.platformRole, withPassword: true },
      })
      const accepted = await join(stores, invitation, user.id)
      // After the membership: its role may be one of which a second factor is asked.
      const proof = { method: 'password' } as const
      const begun = await beginSession({ ...scope, stores }, sessionLimits, user.id, origin, proof)
      if (!begun) throw new Error('Somebody who was just made may not sign in')
      const { session } = begun
      return { accepted, session, tenantId: invitation.tenantId }
    })
    scope.wake(tenantId)
    return done
  } catch (error) {
    // Somebody made an account with this address meanwhile.
    if (isUniqueViolation(error)) throw signInFirst
    throw error
  }
}
