import type { Clock } from '#server/lib/clock'
import type { DatabaseClient } from '#server/storage/database'

export type EndedSessionsStore = ReturnType<typeof endedSessionsStore>

/** What is remembered of sessions that are over: none of it lets anybody in. */
export function endedSessionsStore(db: DatabaseClient, clock: Clock) {
  return {
    /** Why a token is good for nothing any more, and what its person may do now; null where it never was, or long ago. */
    find: (tokenHash: string) =>
      db.endedSession.findUnique({
        where: { tokenHash },
        select: { reason: true, user: { select: { status: true } } },
      }),

    forgetAllOf: (userId: string) => db.endedSession.deleteMany({ where: { userId } }),

    /** Removes what no browser keeps a cookie of. */
    forgetOld: () => db.endedSession.deleteMany({ where: { until: { lte: clock.now() } } }),
  }
}

type SessionWhere = NonNullable<Parameters<DatabaseClient['session']['findMany']>[0]>['where']

/**
 * Ends sessions, and remembers their tokens' hashes as those of ended ones. Within a transaction: both or neither.
 *
 * @returns how many there were
 */
export async function endSessions(
  db: DatabaseClient,
  clock: Clock,
  where: SessionWhere,
  reason: 'ended' | 'expired' = 'ended',
  limit?: number,
): Promise<number> {
  const ending = await db.session.findMany({
    where,
    select: { id: true, tokenHash: true, userId: true, expiresAt: true },
    ...(limit !== undefined && { take: limit }),
  })
  if (ending.length === 0) return 0
  const now = clock.now()
  const remembered = ending
    .filter(({ expiresAt }) => expiresAt > now)
    .map(({ tokenHash, userId, expiresAt }) => ({ tokenHash, userId, reason, until: expiresAt }))
  if (remembered.length > 0) await db.endedSession.createMany({ data: remembered })
  return (await db.session.deleteMany({ where: { id: { in: ending.map(({ id }) => id) } } })).count
}
