import { z } from 'zod'
import { Id } from './common'

/** To one member; without one, to all whom the mail may not have reached. */
export const ResendOnboarding = z.strictObject({ userId: Id.optional() }).optional()
