import { z } from 'zod'
import { Id, pageOf, Timestamp } from './common'
import { ServiceName } from './provisioning'

/**
 * That somebody lost their access to a tenant, and what was read at each service after that. `completedAt`: when the last
 * of them had been read; null while one has not.
 */
export const AccessReceipt = z.object({
  id: Id,
  userId: Id,
  /** Their present name. */
  name: z.string(),
  askedAt: Timestamp,
  completedAt: Timestamp.nullable(),
  /** Names of the machines and API tokens that acted for them, and do no more. */
  machines: z.array(z.string()),
  entries: z.array(
    z.object({
      service: ServiceName,
      step: z.string(),
      found: z.string(),
      at: Timestamp,
      /** False: they may be at a place still where the tenant was before. */
      isWhole: z.boolean(),
    }),
  ),
})
export type AccessReceipt = z.output<typeof AccessReceipt>
export const AccessReceiptPage = pageOf(AccessReceipt)
