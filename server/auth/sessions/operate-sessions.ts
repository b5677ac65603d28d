import { getUser } from '#server/domain/users/users'
import type { OperatorScope } from '#server/scope'
import type { PageRequest } from '#server/storage/page'
import { sessionError, type SessionLimits } from './sessions'

/**
 * A page of somebody's sessions; `current` is the one that asks.
 *
 * @throws AppError user.not_found
 */
export async function listSessionsOf(
  scope: OperatorScope,
  limits: SessionLimits,
  userId: string,
  request: PageRequest,
) {
  await getUser(scope, userId)
  const { items, nextCursor } = await scope.stores.sessions.of(userId).list(request, limits.idleSeconds)
  return {
    items: items.map((session) => ({ ...session, current: session.id === scope.session?.id })),
    nextCursor,
  }
}

/**
 * Ends one of somebody's sessions.
 *
 * @throws AppError session.not_found, for a session of somebody else too
 */
export async function endSessionOf(scope: OperatorScope, userId: string, id: string): Promise<void> {
  await scope.transaction(async ({ sessions, audit }) => {
    if (!(await sessions.of(userId).end(id))) throw sessionError('session.not_found')
    await audit.record({ action: 'session.ended', subject: { kind: 'session', id }, before: { userId } })
  })
}

/**
 * Ends all of somebody's sessions; operators who mean themselves keep the one that asks.
 *
 * @throws AppError user.not_found
 */
export async function endSessionsOf(scope: OperatorScope, userId: string): Promise<void> {
  await getUser(scope, userId)
  await scope.transaction(async ({ sessions, audit }) => {
    const count = await sessions.of(userId).endAllBut(scope.session?.id)
    if (count === 0) return
    const subject = { kind: 'user', id: userId } as const
    await audit.record({ action: 'user.sessions_ended', subject, after: { count } })
  })
}
