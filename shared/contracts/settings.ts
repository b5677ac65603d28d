import { z } from 'zod'
import { DisplayName } from './common'

/** Where a value comes from; what the environment sets can't be changed in the portal. */
export const SettingSource = z.enum(['environment', 'settings', 'default'])

export const Settings = z.object({
  portalName: z.object({ value: z.string(), source: SettingSource }),
})
export type Settings = z.output<typeof Settings>

export const UpdateSettings = z.strictObject({ portalName: DisplayName.optional() })
export type UpdateSettings = z.output<typeof UpdateSettings>
