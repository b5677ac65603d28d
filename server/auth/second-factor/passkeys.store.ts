import type { Clock } from '#server/lib/clock'
import { newId } from '#server/lib/ids'
import type { DatabaseClient } from '#server/storage/database'

/** Most passkeys that somebody can have; so the list of them is never long. */
export const mostPasskeys = 20

/** A passkey as its browser made it. */
export interface NewPasskey {
  name: string
  /** base64url */
  credentialId: string
  /** COSE key, base64url. */
  publicKey: string
  counter: number
  transports: string[]
  synced: boolean
}

/** The passkeys of one user, bound. */
export function passkeysStore(db: DatabaseClient, clock: Clock, userId: string) {
  return {
    count: () => db.passkey.count({ where: { userId } }),

    list: () => db.passkey.findMany({ where: { userId }, orderBy: { id: 'asc' }, take: mostPasskeys }),

    findByCredentialId: (credentialId: string) => db.passkey.findFirst({ where: { userId, credentialId } }),

    /** @throws a unique violation where somebody has it already */
    add(passkey: NewPasskey) {
      const data = { ...passkey, id: newId(), userId, createdAt: clock.now() }
      return db.passkey.create({ data })
    },

    /** @returns the renamed one; null where this user has no such passkey */
    async rename(id: string, name: string) {
      const { count } = await db.passkey.updateMany({ where: { id, userId }, data: { name } })
      return count ? db.passkey.findUnique({ where: { id } }) : null
    },

    /** Notes a use. @returns false where the passkey is gone, or was used meanwhile with another count */
    async noteUse(id: string, use: { formerCounter: bigint; counter: number; synced: boolean }) {
      const { formerCounter, counter, synced } = use
      const { count } = await db.passkey.updateMany({
        where: { id, userId, counter: formerCounter },
        data: { counter, synced, lastUsedAt: clock.now() },
      })
      return count > 0
    },

    /** @returns whether this user had such a passkey */
    async remove(id: string): Promise<boolean> {
      return (await db.passkey.deleteMany({ where: { id, userId } })).count > 0
    },

    removeAll: () => db.passkey.deleteMany({ where: { userId } }),
  }
}

/** Finds whose a passkey is, where somebody signs in with nothing else. */
export function passkeyOwnersStore(db: DatabaseClient) {
  return {
    async find(credentialId: string): Promise<string | null> {
      const row = await db.passkey.findUnique({ where: { credentialId }, select: { userId: true } })
      return row?.userId ?? null
    },
  }
}
