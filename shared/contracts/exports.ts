import { z } from 'zod'
import { Id, pageOf, Timestamp } from './common'

/** What was on record of a tenant when it was archived, in so many parts. */
export const TenantExport = z.object({ id: Id, createdAt: Timestamp, parts: z.number().int() })
export type TenantExport = z.output<typeof TenantExport>
export const TenantExportPage = pageOf(TenantExport)

/** `after`: the number of the last part that is known already. A part holds 500 records at most. */
export const ExportQuery = z.object({
  after: z.coerce.number().int().min(0).max(2_147_483_647).default(0),
  limit: z.coerce.number().int().min(1).max(10).default(10),
})

/** Some parts of an export; `next` is given as `after` for those that follow, null with the last one. */
export const TenantExportParts = z.object({
  id: Id,
  createdAt: Timestamp,
  parts: z.array(z.object({ number: z.number().int(), kind: z.string(), records: z.array(z.unknown()) })),
  next: z.number().int().nullable(),
})
export type TenantExportParts = z.output<typeof TenantExportParts>
