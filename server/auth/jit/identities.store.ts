import type { Clock } from '#server/lib/clock'
import { newId } from '#server/lib/ids'
import type { DatabaseClient } from '#server/storage/database'
import type { PersonClaims } from './claims'

export type IdentitiesStore = ReturnType<typeof identitiesStore>
export type IdentityWithUser = NonNullable<Awaited<ReturnType<IdentitiesStore['find']>>>

/** Of a user, what decides whether and as what they may call. */
export type IdentifiedUser = Pick<
  Awaited<ReturnType<DatabaseClient['user']['findFirstOrThrow']>>,
  'id' | 'status' | 'platformRole'
>

type Claimed = Pick<PersonClaims, 'email' | 'emailVerified'>

/** All people as OpenID providers know them. */
export function identitiesStore(db: DatabaseClient, clock: Clock) {
  return {
    /** The identity with its user, whatever the user's status. */
    find: (issuer: string, subject: string) =>
      db.externalIdentity.findUnique({
        where: { issuer_subject: { issuer, subject } },
        include: { user: true },
      }),

    /**
     * The user whom an identity stands for. Read on every call with a token, so in one statement: Prisma would make two
     * of it, or search through all users.
     */
    async findCaller(issuer: string, subject: string): Promise<IdentifiedUser | null> {
      const [user] = await db.$queryRaw<IdentifiedUser[]>`
        SELECT u."id", CAST(u."status" AS TEXT) AS "status", CAST(u."platformRole" AS TEXT) AS "platformRole"
        FROM "ExternalIdentity" i JOIN "User" u ON u."id" = i."userId"
        WHERE i."issuer" = ${issuer} AND i."subject" = ${subject}`
      return user ?? null
    },

    /** Whether an issuer vouches for this user already. */
    async isKnownTo(issuer: string, userId: string): Promise<boolean> {
      return (await db.externalIdentity.count({ where: { userId, issuer } })) > 0
    },

    /** Whether some operator, who may sign in, can do so by this issuer. */
    async hasOperator(issuer: string): Promise<boolean> {
      const user = { platformRole: 'operator', status: 'active' } as const
      return (await db.externalIdentity.findFirst({ where: { issuer, user }, select: { id: true } })) !== null
    },

    create(userId: string, { issuer, subject, email, emailVerified }: PersonClaims) {
      const now = clock.now()
      const data = {
        id: newId(),
        userId,
        issuer,
        subject,
        email,
        emailVerified,
        createdAt: now,
        lastUsedAt: now,
      }
      return db.externalIdentity.create({ data })
    },

    /** Notes that it has proved somebody's identity, and what it claimed. */
    async noteUse(id: string, { email, emailVerified }: Claimed): Promise<void> {
      await db.externalIdentity.updateMany({
        where: { id },
        data: { email, emailVerified, lastUsedAt: clock.now() },
      })
    },

    remove: (id: string) => db.externalIdentity.deleteMany({ where: { id } }),
  }
}

/** The identities of one user, bound. They are few: each was linked by hand or by a first login. */
export function ownIdentitiesStore(db: DatabaseClient, userId: string) {
  return {
    /** The first 100, oldest first. */
    list: () => db.externalIdentity.findMany({ where: { userId }, orderBy: { id: 'asc' }, take: 100 }),

    /** Ends the sessions that began with it. @returns whether this user had such an identity */
    async remove(id: string): Promise<boolean> {
      return (await db.externalIdentity.deleteMany({ where: { id, userId } })).count > 0
    },
  }
}
