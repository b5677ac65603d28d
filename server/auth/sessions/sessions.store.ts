import { addSeconds, type Clock } from '#server/lib/clock'
import { newId } from '#server/lib/ids'
import type { DatabaseClient } from '#server/storage/database'
import { pageOfRows, toPage, type PageRequest } from '#server/storage/page'

/** What is known of the browser that a session belongs to. */
export interface SessionDevice {
  /** What it calls itself, cut to 256 characters. */
  userAgent: string | null
  address: string | null
}

/** How the person of a session has just proved who they are. */
export interface SessionProof {
  method: 'password' | 'passkey' | 'oidc'
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
  expiresAt: true,
  lastSeenAt: true,
  method: true,
  provenAt: true,
  secondFactor: true,
  restricted: true,
  user: { select: { status: true, platformRole: true } },
} as const

/** All sessions of the platform. */
export function sessionsStore(db: DatabaseClient, clock: Clock) {
  return {
    findByHash: (tokenHash: string) => db.session.findUnique({ where: { tokenHash }, select: ofRequest }),

    /** The sessions of one user, such as of somebody who has just proved who they are. */
    of: (userId: string) => ownSessionsStore(db, clock, userId),

    /** Notes that a session is in use. Nothing happens where it has ended meanwhile. */
    touch: (id: string) => db.session.updateMany({ where: { id }, data: { lastSeenAt: clock.now() } }),

    /** @returns whether there was one */
    async endByHash(tokenHash: string): Promise<boolean> {
      return (await db.session.deleteMany({ where: { tokenHash } })).count > 0
    },

    endAllOf: (userId: string) => db.session.deleteMany({ where: { userId } }),

    /** Removes what can no longer be used. @param idleSeconds the idle limit */
    endExpired(idleSeconds: number) {
      const now = clock.now()
      const idle = { lastSeenAt: { lte: addSeconds(now, -idleSeconds) } }
      return db.session.deleteMany({ where: { OR: [{ expiresAt: { lte: now } }, idle] } })
    },
  }
}

/** The sessions of one user, bound. */
export function ownSessionsStore(db: DatabaseClient, clock: Clock, userId: string) {
  return {
    create(session: SessionDevice & SessionProof & { tokenHash: string; expiresAt: Date }) {
      const now = clock.now()
      return db.session.create({
        data: { ...session, id: newId(), userId, createdAt: now, lastSeenAt: now, provenAt: now },
      })
    },

    /** A page of the sessions that can still be used, newest first. @param idleSeconds the idle limit */
    async list(request: PageRequest, idleSeconds: number) {
      const { where, ...page } = pageOfRows(request, 'newest first')
      const now = clock.now()
      const alive = { expiresAt: { gt: now }, lastSeenAt: { gt: addSeconds(now, -idleSeconds) } }
      return toPage(await db.session.findMany({ where: { userId, ...where, ...alive }, ...page }), request)
    },

    /** @returns whether this user had such a session */
    async end(id: string): Promise<boolean> {
      return (await db.session.deleteMany({ where: { id, userId } })).count > 0
    },

    endAllBut: (id?: string) => db.session.deleteMany({ where: { userId, ...(id && { id: { not: id } }) } }),

    endAll: () => db.session.deleteMany({ where: { userId } }),
  }
}
