import { addSeconds } from '#server/lib/clock'
import { newToken, sha256 } from '#server/lib/ids'
import type { CallerScope } from '#server/scope'
import type { StartedSession } from './sessions'

/** How long the former token is good for what the same page has under way. */
export const formerTokenSeconds = 60

/**
 * Gives the caller's session a new token where what they may do has changed since it got the present one. Of calls at
 * once, one alone gets it; the others go on with the former one for a minute.
 *
 * @param token that the caller came with
 * @returns null where no new token is due
 */
export async function rotateSession(scope: CallerScope, token: string): Promise<StartedSession | null> {
  if (!scope.session?.rotationDue) return null
  const renewed = newToken()
  const expiresAt = await scope.stores.ownSessions.rotate(scope.session.id, {
    from: sha256(token),
    to: sha256(renewed),
    formerUntil: addSeconds(scope.clock.now(), formerTokenSeconds),
  })
  return expiresAt && { token: renewed, expiresAt }
}
