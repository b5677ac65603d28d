import { addSeconds, type Clock } from '#server/lib/clock'
import type { Cache } from './cache'
import type { Database } from './database'
import { isWriteConflict } from './database.errors'

/** Removed by one statement, so that none holds the database for long. */
const sweepBatch = 1_000

interface Row {
  value: string
  expiresAt: bigint
}

/** The shared cache where there is no Redis: the table CacheEntry. Each change is one statement, on both databases. */
export function openDatabaseCache({ database, clock }: { database: Database; clock: Clock }): Cache {
  const { client } = database
  const now = () => BigInt(clock.now().getTime())
  const after = (ttlSeconds: number) => BigInt(addSeconds(clock.now(), ttlSeconds).getTime())
  const valueOf = (row: Row | null | undefined) => (row && row.expiresAt > now() ? row.value : null)

  return {
    async get(key) {
      return valueOf(await client.cacheEntry.findUnique({ where: { key } }))
    },

    async set(key, value, ttlSeconds) {
      await client.$executeRaw`
        INSERT INTO "CacheEntry" ("key", "value", "expiresAt") VALUES (${key}, ${value}, ${after(ttlSeconds)})
        ON CONFLICT ("key") DO UPDATE SET "value" = excluded."value", "expiresAt" = excluded."expiresAt"`
    },

    async setIfAbsent(key, value, ttlSeconds) {
      const written = await client.$executeRaw`
        INSERT INTO "CacheEntry" ("key", "value", "expiresAt") VALUES (${key}, ${value}, ${after(ttlSeconds)})
        ON CONFLICT ("key") DO UPDATE SET "value" = excluded."value", "expiresAt" = excluded."expiresAt"
        WHERE "CacheEntry"."expiresAt" <= ${now()}`
      return written === 1
    },

    async take(key) {
      const rows = await client.$queryRaw<Row[]>`
        DELETE FROM "CacheEntry" WHERE "key" = ${key} RETURNING "value", "expiresAt"`
      return valueOf(rows[0])
    },

    async increment(key, ttlSeconds, by = 1) {
      const at = now()
      const rows = await client.$queryRaw<Row[]>`
        INSERT INTO "CacheEntry" ("key", "value", "expiresAt") VALUES (${key}, ${String(by)}, ${after(ttlSeconds)})
        ON CONFLICT ("key") DO UPDATE SET
          "value" = CASE WHEN "CacheEntry"."expiresAt" <= ${at} THEN excluded."value"
                    ELSE CAST(CAST("CacheEntry"."value" AS BIGINT) + CAST(excluded."value" AS BIGINT) AS TEXT) END,
          "expiresAt" = CASE WHEN "CacheEntry"."expiresAt" <= ${at} THEN excluded."expiresAt"
                        ELSE "CacheEntry"."expiresAt" END
        RETURNING "value", "expiresAt"`
      const [row] = rows
      if (!row) throw new Error('Counting gave no row')
      return { count: Number(row.value), resetsInSeconds: Math.max(0, Number(row.expiresAt - at) / 1000) }
    },

    async delete(key) {
      await client.cacheEntry.deleteMany({ where: { key } })
    },

    ping: () => database.ping(),

    async sweep() {
      const before = now()
      let removed = 0
      try {
        for (let batch = sweepBatch; batch === sweepBatch; removed += batch) {
          // An entry can be written anew between the choice and the deletion.
          batch = await client.$executeRaw`
            DELETE FROM "CacheEntry" WHERE "expiresAt" <= ${before} AND "key" IN
              (SELECT "key" FROM "CacheEntry" WHERE "expiresAt" <= ${before} ORDER BY "expiresAt" LIMIT ${sweepBatch})`
        }
      } catch (error) {
        // Another replica sweeps the same entries.
        if (!isWriteConflict(error)) throw error
      }
      return removed
    },

    // The connection is the database's.
    close: () => Promise.resolve(),
  }
}
