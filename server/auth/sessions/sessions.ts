import { addSeconds, type Clock } from '#server/lib/clock'
import { defineErrors } from '#server/lib/errors'
import { newToken, sha256 } from '#server/lib/ids'
import type { CallerScope, PlatformScope } from '#server/scope'
import type { PageRequest } from '#server/storage/page'
import type {
  OwnSessionsStore,
  SessionDevice,
  SessionProof,
  SessionsStore,
  SessionWithUser,
} from './sessions.store'

const sessionError = defineErrors({
  'session.not_found': { status: 404, title: 'There is no such session.' },
})

export type { SessionDevice, SessionProof } from './sessions.store'

/** Limits of a session, both in seconds. */
export interface SessionLimits {
  /** From its start, whatever is done with it. */
  ttlSeconds: number
  /** From its last use. */
  idleSeconds: number
}

/** A session that just began; the token is known here alone, and goes into the cookie. */
export interface StartedSession {
  /** 256 random bits, base64url. */
  token: string
  expiresAt: Date
}

/** How long a use may go unnoted, so that reading does not write each time. */
const touchAfterSeconds = 60

/** Begins a session of a user. A session that the browser had before is ended by whoever calls. */
export async function startSession(
  ownSessions: Pick<OwnSessionsStore, 'create'>,
  clock: Clock,
  limits: SessionLimits,
  device: SessionDevice,
  proof: SessionProof,
): Promise<StartedSession> {
  const token = newToken()
  const expiresAt = addSeconds(clock.now(), limits.ttlSeconds)
  await ownSessions.create({ ...device, ...proof, tokenHash: sha256(token), expiresAt })
  return { token, expiresAt }
}

/**
 * The session of a token with its user, read from the database each time: what was ended or taken away holds on the
 * next request of every replica.
 *
 * @returns null where the token is unknown, the session is over, or the user may not sign in
 */
export async function findSession(
  sessions: SessionsStore,
  clock: Clock,
  limits: SessionLimits,
  token: string,
): Promise<SessionWithUser | null> {
  const session = await sessions.findByHash(sha256(token))
  if (!session || session.user.status !== 'active') return null
  const now = clock.now()
  if (session.expiresAt <= now || addSeconds(session.lastSeenAt, limits.idleSeconds) <= now) return null
  if (addSeconds(session.lastSeenAt, touchAfterSeconds) <= now) await sessions.touch(session.id)
  return session
}

/** A page of the caller's own sessions; `current` is the one that asks. */
export async function listOwnSessions(scope: CallerScope, limits: SessionLimits, request: PageRequest) {
  const { items, nextCursor } = await scope.stores.ownSessions.list(request, limits.idleSeconds)
  return {
    items: items.map((session) => ({ ...session, current: session.id === scope.session?.id })),
    nextCursor,
  }
}

/**
 * Ends one of the caller's own sessions.
 *
 * @throws AppError session.not_found, for another person's session too
 */
export async function endOwnSession(scope: CallerScope, id: string): Promise<void> {
  await scope.transaction(async (stores) => {
    if (!(await stores.ownSessions.end(id))) throw sessionError('session.not_found')
    await stores.audit.record({ action: 'session.ended', subject: { kind: 'session', id } })
  })
}

/** Ends all of the caller's sessions but the one that asks, where one asks. */
export async function endOtherSessions(scope: CallerScope): Promise<void> {
  await scope.transaction(async (stores) => {
    const { count } = await stores.ownSessions.endAllBut(scope.session?.id)
    if (count === 0) return
    await stores.audit.record({
      action: 'session.others_ended',
      subject: { kind: 'user', id: scope.actorId },
      after: { count },
    })
  })
}

/** Removes the sessions that can no longer be used. @returns how many there were */
export async function endExpiredSessions(scope: PlatformScope, limits: SessionLimits): Promise<number> {
  return (await scope.stores.sessions.endExpired(limits.idleSeconds)).count
}
