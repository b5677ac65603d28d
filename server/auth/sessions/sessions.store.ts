import { addSeconds, type Clock } from '#server/lib/clock'
import { newId } from '#server/lib/ids'
import type { DatabaseClient } from '#server/storage/database'
import { pageOfRows, toPage, type PageRequest } from '#server/storage/page'
import { endSessions } from './ended-sessions.store'

/** What is known of the browser that a session belongs to. */
export interface SessionDevice {
  /** What it calls itself, cut to 256 characters. */
  userAgent: string | null
  address: string | null
}

/** How the person of a session has just proved who they are. */
export interface SessionProof {
  method: 'password' | 'passkey' | 'oidc'
  /** When; default: now. */
  provenAt?: Date
  /** Whether a second factor was part of it. Default false. */
  secondFactor?: boolean
  /** See Session.restricted in prisma/models. Default false. */
  restricted?: boolean
  /** Of a session that an OpenID provider vouches for; `idToken` is sealed. */
  identityId?: string
  providerSessionId?: string | null
  idToken?: string
}

export type SessionsStore = ReturnType<typeof sessionsStore>
export type SessionWithUser = NonNullable<Awaited<ReturnType<SessionsStore['findByHash']>>>
export type OwnSessionsStore = ReturnType<typeof ownSessionsStore>

/** What is read of a session on every request: no more than decides whether it holds, and for whom. */
const ofRequest = {
  id: true,
  userId: true,
  tokenHash: true,
  formerUntil: true,
  rotationDue: true,
  expiresAt: true,
  lastSeenAt: true,
  method: true,
  provenAt: true,
  secondFactor: true,
  restricted: true,
  user: { select: { status: true, platformRole: true } },
} as const

/** All sessions of the platform. What ends sessions is to be called within a transaction. */
export function sessionsStore(db: DatabaseClient, clock: Clock) {
  return {
    findByHash: (tokenHash: string) => db.session.findUnique({ where: { tokenHash }, select: ofRequest }),

    /** The session that had this token before its present one. */
    findByFormerHash: (formerTokenHash: string) =>
      db.session.findUnique({ where: { formerTokenHash }, select: ofRequest }),

    find: (id: string) => db.session.findUnique({ where: { id }, select: ofRequest }),

    /** By what the provider ends its part of a session; null where the session is not from a provider. */
    async findLogoutHint(
      tokenHash: string,
    ): Promise<{ issuer: string; identityId: string; idToken: string | null } | null> {
      const session = await db.session.findUnique({
        where: { tokenHash },
        select: { idToken: true, identity: { select: { id: true, issuer: true } } },
      })
      if (!session?.identity) return null
      const { id: identityId, issuer } = session.identity
      return { issuer, identityId, idToken: session.idToken }
    },

    /**
     * Ends the sessions that an issuer vouched for: of its own session, of a person, or of both where both are given.
     *
     * @returns how many of each user's
     */
    async endByProvider(of: {
      issuer: string
      subject: string | undefined
      providerSessionId: string | undefined
    }): Promise<Map<string, number>> {
      const { issuer, subject, providerSessionId } = of
      const where = {
        ...(providerSessionId !== undefined && { providerSessionId }),
        identity: { issuer, ...(subject !== undefined && { subject }) },
      }
      const ended = new Map<string, number>()
      const sessions = await db.session.findMany({ where, select: { userId: true } })
      for (const { userId } of sessions) ended.set(userId, (ended.get(userId) ?? 0) + 1)
      await endSessions(db, clock, where)
      return ended
    },

    /** The sessions of one user, such as of somebody who has just proved who they are. */
    of: (userId: string) => ownSessionsStore(db, clock, userId),

    /** Notes that a session is in use: for one of many that do so at once, and for none where it has ended meanwhile. */
    touch: (id: string, seenBefore: Date) =>
      db.session.updateMany({
        where: { id, lastSeenAt: { lte: seenBefore } },
        data: { lastSeenAt: clock.now() },
      }),

    /** Forgets a former token. @returns whether it was remembered: of callers at once, one alone hears so */
    async forgetFormer(formerTokenHash: string): Promise<boolean> {
      const { count } = await db.session.updateMany({
        where: { formerTokenHash },
        data: { formerTokenHash: null, formerUntil: null },
      })
      return count > 0
    },

    /** @returns whether there was one */
    endByHash: async (tokenHash: string): Promise<boolean> =>
      (await endSessions(db, clock, { tokenHash })) > 0,

    /** @returns how many there were */
    endAllOf: (userId: string) => endSessions(db, clock, { userId }),

    /**
     * Ends what can no longer be used, so many at most. @param idleSeconds the idle limit
     *
     * @returns how many there were
     */
    endExpired(idleSeconds: number, limit: number) {
      const now = clock.now()
      const idle = { lastSeenAt: { lte: addSeconds(now, -idleSeconds) } }
      return endSessions(db, clock, { OR: [{ expiresAt: { lte: now } }, idle] }, 'expired', limit)
    },
  }
}

/** The sessions of one user, bound. What ends sessions is to be called within a transaction. */
export function ownSessionsStore(db: DatabaseClient, clock: Clock, userId: string) {
  return {
    create(session: SessionDevice & SessionProof & { tokenHash: string; expiresAt: Date }) {
      const now = clock.now()
      return db.session.create({
        data: { provenAt: now, ...session, id: newId(), userId, createdAt: now, lastSeenAt: now },
      })
    },

    /** A page of the sessions that can still be used, newest first. @param idleSeconds the idle limit */
    async list(request: PageRequest, idleSeconds: number) {
      const { where, ...page } = pageOfRows(request, 'newest first')
      const now = clock.now()
      const alive = { expiresAt: { gt: now }, lastSeenAt: { gt: addSeconds(now, -idleSeconds) } }
      return toPage(await db.session.findMany({ where: { userId, ...where, ...alive }, ...page }), request)
    },

    /** Every session of theirs gets a new token, each as soon as its browser can take one. */
    // Not where it is due already: changes at once for one person would stand in each other's way.
    askRotation: () =>
      db.session.updateMany({ where: { userId, rotationDue: false }, data: { rotationDue: true } }),

    /**
     * Gives a session that is due a new token; the former one is good until `formerUntil`.
     *
     * @returns when the session ends; null where it is not due, or has another token than `from` by now
     */
    async rotate(id: string, token: { from: string; to: string; formerUntil: Date }): Promise<Date | null> {
      const { count } = await db.session.updateMany({
        where: { id, userId, tokenHash: token.from, rotationDue: true },
        data: {
          tokenHash: token.to,
          formerTokenHash: token.from,
          formerUntil: token.formerUntil,
          rotationDue: false,
        },
      })
      if (count === 0) return null
      const session = await db.session.findUnique({ where: { id }, select: { expiresAt: true } })
      return session?.expiresAt ?? null
    },

    /**
     * Gives a session another token, the former being worth nothing from now on, and what it has shown meanwhile; its
     * limits stay.
     *
     * @param change.proven that its person has just proved who they are
     * @returns when it ends; null where this user has no such session
     */
    async renew(
      id: string,
      {
        proven,
        ...change
      }: { tokenHash: string; proven?: true; secondFactor?: boolean; restricted?: boolean },
    ): Promise<Date | null> {
      const renewed = { ...change, formerTokenHash: null, formerUntil: null, rotationDue: false }
      const data = { ...renewed, ...(proven && { provenAt: clock.now() }) }
      const { count } = await db.session.updateMany({ where: { id, userId }, data })
      if (!count) return null
      const row = await db.session.findUnique({ where: { id }, select: { expiresAt: true } })
      return row?.expiresAt ?? null
    },

    /** @returns whether this user had such a session */
    end: async (id: string): Promise<boolean> => (await endSessions(db, clock, { id, userId })) > 0,

    /** @returns how many there were */
    endAllBut: (id?: string) => endSessions(db, clock, { userId, ...(id && { id: { not: id } }) }),

    /** @returns how many there were */
    endAll: () => endSessions(db, clock, { userId }),
  }
}
