import type { Clock } from '#server/lib/clock'
import type { DatabaseClient } from '#server/storage/database'

/**
 * Takes away everything that tells who a person was or lets them in, and keeps the row, so that the audit still points
 * at somebody. Within a transaction. Their memberships are another's to end: a tenant may need an owner.
 */
export async function erasePerson(db: DatabaseClient, clock: Clock, id: string): Promise<void> {
  const person = await db.user.findUniqueOrThrow({
    where: { id },
    select: { email: true, identities: { select: { email: true } } },
  })
  const addresses = [person, ...person.identities].flatMap(({ email }) => email ?? [])
  const theirs = { where: { userId: id } }
  await db.invitation.deleteMany({ where: { email: { in: addresses } } })
  await db.session.deleteMany(theirs)
  await db.endedSession.deleteMany(theirs)
  await db.externalIdentity.deleteMany(theirs)
  await db.passkey.deleteMany(theirs)
  await db.totpFactor.deleteMany(theirs)
  await db.recoveryCode.deleteMany(theirs)
  await db.passwordReset.deleteMany(theirs)
  await db.user.update({
    where: { id },
    data: {
      email: null,
      picture: null,
      name: 'Deleted user',
      nameKey: 'deleted user',
      locale: null,
      passwordHash: null,
      lastLoginAt: null,
      platformRole: 'user',
      roleSource: 'manual',
      status: 'deleted',
      updatedAt: clock.now(),
      version: { increment: 1 },
    },
  })
}
