import { addSeconds, type Clock } from '#server/lib/clock'
import { defineErrors } from '#server/lib/errors'
import { newToken, sha256 } from '#server/lib/ids'
import type { CallerScope, PlatformScope } from '#server/scope'
import type { PageRequest } from '#server/storage/page'
import type { OwnSessionsStore, SessionDevice, SessionProof } from './sessions.store'

export const sessionError = defineErrors({
  'session.not_found': { status: 404, title: 'There is no such session.' },
  'session.ended': { status: 401, title: 'This session has ended. Sign in again.' },
})

export type { SessionDevice, SessionProof } from './sessions.store'

/** Limits of a session, both in seconds. */
export interface SessionLimits {
  /** From its start, whatever is done with it. */
  ttlSeconds: number
  /** From its last use. */
  idleSeconds: number
}

/** A session that just began, or has a new token; the token is known here alone, and goes into the cookie. */
export interface StartedSession {
  /** 256 random bits, base64url. */
  token: string
  expiresAt: Date
}

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
 * Gives a session another token, so that the former is worth nothing once more has been proved or changed.
 *
 * @param change see `renew` of the store
 * @throws AppError session.ended where it ended meanwhile
 */
export async function renewSession(
  ownSessions: Pick<OwnSessionsStore, 'renew'>,
  id: string,
  change: { proven?: true; secondFactor?: boolean; restricted?: boolean },
): Promise<StartedSession> {
  const token = newToken()
  const expiresAt = await ownSessions.renew(id, { ...change, tokenHash: sha256(token) })
  if (!expiresAt) throw sessionError('session.ended')
  return { token, expiresAt }
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
    const count = await stores.ownSessions.endAllBut(scope.session?.id)
    if (count === 0) return
    await stores.audit.record({
      action: 'session.others_ended',
      subject: { kind: 'user', id: scope.actorId },
      after: { count },
    })
  })
}

/** Ended in one transaction, so that none is long. */
const endedAtOnce = 500

/**
 * Removes the sessions that can no longer be used, and what no browser has to be told of any more.
 *
 * @returns how many sessions there were
 */
export async function endExpiredSessions(scope: PlatformScope, limits: SessionLimits): Promise<number> {
  let ended = 0
  for (let batch = endedAtOnce; batch === endedAtOnce; ended += batch) {
    batch = await scope.transaction(({ sessions }) => sessions.endExpired(limits.idleSeconds, endedAtOnce))
  }
  await scope.stores.endedSessions.forgetOld()
  return ended
}
