import { z } from 'zod'
import { DisplayName } from './common'
import { AskedOf } from './second-factor'

/** Where a value comes from; what the environment sets can't be changed in the portal. */
export const SettingSource = z.enum(['environment', 'settings', 'default'])

export const Settings = z.object({
  portalName: z.object({ value: z.string(), source: SettingSource }),
  /** Whoever is one of these signs in with a second factor; standalone mode only. */
  secondFactorRequiredOf: z.object({ value: z.array(AskedOf), source: SettingSource }),
  /** Whether what a comparison finds missing or changed is repaired by itself. */
  driftRepair: z.object({ value: z.boolean(), source: SettingSource }),
})
export type Settings = z.output<typeof Settings>

export const UpdateSettings = z.strictObject({
  portalName: DisplayName.optional(),
  secondFactorRequiredOf: z
    .array(AskedOf)
    .max(AskedOf.options.length)
    .transform((roles) => AskedOf.options.filter((role) => roles.includes(role)))
    .optional(),
  driftRepair: z.boolean().optional(),
})
export type UpdateSettings = z.output<typeof UpdateSettings>
