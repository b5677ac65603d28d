import { z } from 'zod'
import type { Clock } from '#server/lib/clock'
import type { DatabaseClient } from '#server/storage/database'

/** What can be set in the portal, and what form it has. */
const settings = { portalName: z.string() } as const
type SettingKey = keyof typeof settings

export type SettingsStore = ReturnType<typeof settingsStore>

/** What the operator set in the portal. Not to be asked in oidc-only mode. */
export function settingsStore(db: DatabaseClient, clock: Clock) {
  return {
    /** The value that was set, or undefined. */
    async find(key: SettingKey): Promise<string | undefined> {
      const row = await db.setting.findUnique({ where: { key } })
      return row ? settings[key].parse(row.value) : undefined
    },

    async set(key: SettingKey, value: string): Promise<void> {
      const updatedAt = clock.now()
      await db.setting.upsert({
        where: { key },
        create: { key, value, updatedAt },
        update: { value, updatedAt, version: { increment: 1 } },
      })
    },
  }
}
