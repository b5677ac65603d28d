import { z } from 'zod'
import { AskedOf } from '#shared/contracts/second-factor'
import type { Clock } from '#server/lib/clock'
import type { DatabaseClient } from '#server/storage/database'

/** What an operator set of the OpenID provider. */
const OidcValues = z.object({
  issuer: z.string().optional(),
  clientId: z.string().optional(),
  /** Sealed. */
  clientSecret: z.string().optional(),
  scopes: z.array(z.string()).optional(),
  groupsClaim: z.string().optional(),
  operatorGroup: z.string().optional(),
  linkByEmail: z.boolean().optional(),
})
export type OidcValues = z.output<typeof OidcValues>

/** What can be set in the portal, and what form it has. */
const settings = {
  portalName: z.string(),
  oidc: OidcValues,
  localSignIn: z.boolean(),
  secondFactorRequiredOf: z.array(AskedOf),
  driftRepair: z.boolean(),
} as const
type SettingKey = keyof typeof settings
type SettingValue<Key extends SettingKey> = z.output<(typeof settings)[Key]>

export type SettingsStore = ReturnType<typeof settingsStore>

/** What the operator set in the portal. Not to be asked in oidc-only mode. */
export function settingsStore(db: DatabaseClient, clock: Clock) {
  return {
    /** The value that was set, or undefined. */
    async find<Key extends SettingKey>(key: Key): Promise<SettingValue<Key> | undefined> {
      const row = await db.setting.findUnique({ where: { key } })
      return row ? (settings[key].parse(row.value) as SettingValue<Key>) : undefined
    },

    async set<Key extends SettingKey>(key: Key, value: SettingValue<Key>): Promise<void> {
      const updatedAt = clock.now()
      await db.setting.upsert({
        where: { key },
        create: { key, value, updatedAt },
        update: { value, updatedAt, version: { increment: 1 } },
      })
    },
  }
}
