import type { DatabaseClient } from '#server/storage/database'
import type { LeaseEnd, LeaseRow } from './leases.store'

/** Leases of all tenants, for housekeeping. */
export function allLeasesStore(db: DatabaseClient) {
  /** One of a tenant that is gone goes too. */
  async function close(
    id: string,
    data: Partial<Pick<LeaseRow, 'settledAt' | 'givenUpAt' | 'settleError'>>,
  ): Promise<boolean> {
    const row = await db.secretLease.findFirst({ where: { id, settledAt: null, givenUpAt: null } })
    if (!row) return false
    if (await db.tenant.count({ where: { id: row.tenantId } }))
      await db.secretLease.update({ where: { id }, data: { ...data, nextTryAt: null, placeSealed: null } })
    else await db.secretLease.delete({ where: { id } })
    return true
  }

  return {
    /** Minted ones that are to be taken back at their services, those first that wait longest. */
    listDue: (now: Date, limit: number): Promise<LeaseRow[]> =>
      db.secretLease.findMany({
        where: { kind: 'minted', settledAt: null, nextTryAt: { lte: now } },
        orderBy: { nextTryAt: 'asc' },
        take: limit,
      }),

    /** Keeps one from others until a moment. @returns false where somebody else has it */
    async take({ id, nextTryAt }: LeaseRow, until: Date): Promise<boolean> {
      const { count } = await db.secretLease.updateMany({
        where: { id, nextTryAt, settledAt: null },
        data: { nextTryAt: until },
      })
      return count > 0
    },

    /** @param error why it could not be done, in words; null: it is only not certain yet */
    retry: (id: string, nextTryAt: Date, settleError: string | null) =>
      db.secretLease.updateMany({ where: { id, settledAt: null }, data: { nextTryAt, settleError } }),

    /** Ends what machines and tokens have that act for a person, in every tenant. @returns how many there were */
    async endOfPerson(userId: string, now: Date): Promise<number> {
      const principals = await db.principal.findMany({ where: { userId }, select: { id: true } })
      const principalId = { in: principals.map(({ id }) => id) }
      const where = { principalId, endedAt: null, expiresAt: { gt: now } }
      const data = { endedAt: now, endReason: 'person_disabled' satisfies LeaseEnd }
      const secrets = await db.secretLease.updateMany({ where: { ...where, kind: 'secret' }, data })
      const minted = await db.secretLease.updateMany({
        where: { ...where, kind: 'minted' },
        data: { ...data, nextTryAt: now },
      })
      return secrets.count + minted.count
    },

    /** Its service has confirmed that nothing is left. @returns whether it was open */
    settle: (id: string, settledAt: Date) => close(id, { settledAt, settleError: null }),

    /** Nobody asks the service any more. @returns whether it was open */
    giveUp: (id: string, givenUpAt: Date, settleError: string) => close(id, { givenUpAt, settleError }),

    /**
     * Removes leases of secrets, and minted ones that nobody looks after any more, that were over before a moment.
     *
     * @returns how many
     */
    async removeOver(before: Date): Promise<number> {
      const { count } = await db.secretLease.deleteMany({
        where: {
          AND: [
            { OR: [{ kind: 'secret' }, { settledAt: { not: null } }, { givenUpAt: { not: null } }] },
            { OR: [{ endedAt: { lt: before } }, { endedAt: null, expiresAt: { lt: before } }] },
          ],
        },
      })
      return count
    },
  }
}
