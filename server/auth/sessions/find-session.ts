import { addSeconds, type Clock } from '#server/lib/clock'
import { sha256 } from '#server/lib/ids'
import type { PlatformScope } from '#server/scope'
import type { SessionLimits } from './sessions'
import type { SessionWithUser } from './sessions.store'

/** How long a use may go unnoted, so that reading does not write each time. */
const touchAfterSeconds = 60

/**
 * Why a token is no session's. `unknown` is all that is said to whoever never had one: the others are for those who
 * hold 256 random bits that were once somebody's session.
 */
export type SessionAbsence = 'unknown' | 'ended' | 'expired' | 'disabled'

/** A session that holds, or why there is none. */
export type FoundSession =
  { session: SessionWithUser; absence?: undefined } | { session: null; absence: SessionAbsence }

/**
 * The session of a token with its user, read from the database each time: what was ended or taken away holds on the
 * next request of every replica. The former token of a session is good for a while after it got a new one.
 *
 * @param options.isUse whether somebody asks: only that keeps a session from its idle limit
 */
export async function findSession(
  scope: PlatformScope,
  limits: SessionLimits,
  token: string,
  { isUse }: { isUse: boolean },
): Promise<FoundSession> {
  const { sessions } = scope.stores
  const tokenHash = sha256(token)
  const session = await sessions.findByHash(tokenHash)
  if (session) return heldOrNot(scope, limits, session, isUse)
  const rotated = await sessions.findByFormerHash(tokenHash)
  if (!rotated) return { session: null, absence: await absenceOf(scope, tokenHash) }
  if (rotated.formerUntil && rotated.formerUntil > scope.clock.now())
    return heldOrNot(scope, limits, rotated, isUse)
  await noteReplay(scope, rotated.id, tokenHash)
  return { session: null, absence: 'ended' }
}

/** A session that held a moment ago, read anew: for what stays open longer than a request, which is no use of it. */
export async function findSessionAgain(
  scope: PlatformScope,
  limits: SessionLimits,
  id: string,
): Promise<FoundSession> {
  const session = await scope.stores.sessions.find(id)
  return session ? heldOrNot(scope, limits, session, false) : { session: null, absence: 'ended' }
}

async function heldOrNot(
  scope: PlatformScope,
  limits: SessionLimits,
  session: SessionWithUser,
  isUse: boolean,
): Promise<FoundSession> {
  const now = scope.clock.now()
  if (session.user.status !== 'active') return { session: null, absence: absenceBy(session.user, 'ended') }
  if (isOver(session, limits, now)) return { session: null, absence: 'expired' }
  if (!isUse) return { session }
  const seenBefore = addSeconds(now, -touchAfterSeconds)
  if (session.lastSeenAt <= seenBefore) await scope.stores.sessions.touch(session.id, seenBefore)
  return { session }
}

const isOver = (
  { expiresAt, lastSeenAt }: Pick<SessionWithUser, 'expiresAt' | 'lastSeenAt'>,
  { idleSeconds }: SessionLimits,
  now: ReturnType<Clock['now']>,
) => expiresAt <= now || addSeconds(lastSeenAt, idleSeconds) <= now

async function absenceOf(scope: PlatformScope, tokenHash: string): Promise<SessionAbsence> {
  const ended = await scope.stores.endedSessions.find(tokenHash)
  return ended ? absenceBy(ended.user, ended.reason) : 'unknown'
}

/** As the person is now: whoever was enabled again is not told otherwise by an old cookie. */
const absenceBy = (user: { status: SessionWithUser['user']['status'] }, reason: 'ended' | 'expired') =>
  user.status === 'disabled' ? 'disabled' : reason

/**
 * A former token that comes back late was copied, or its browser never got the new one. Noted once: what is forgotten
 * is unknown from then on.
 */
async function noteReplay(scope: PlatformScope, id: string, tokenHash: string): Promise<void> {
  await scope.transaction(async (stores) => {
    if (!(await stores.sessions.forgetFormer(tokenHash))) return
    await stores.audit.record({ action: 'session.former_token_refused', subject: { kind: 'session', id } })
  })
}
