import { z } from 'zod'
import { Id, PageQuery, pageOf, Timestamp } from './common'

const Fields = z.record(z.string(), z.unknown()).nullable()

/** Who acted, by the name that they have now. */
export const Actor = z.object({
  kind: z.enum(['user', 'machine', 'token', 'system']),
  id: z.string().nullable(),
  name: z.string(),
})
export type Actor = z.output<typeof Actor>

/** Who did what, on what; `before` and `after` hold the fields that changed, without secrets and personal data. */
export const AuditEntry = z.object({
  id: Id,
  at: Timestamp,
  actor: Actor,
  action: z.string(),
  /** The present name of a person; null for everything else. */
  subject: z.object({ kind: z.string(), id: z.string(), name: z.string().nullable() }),
  tenantId: z.string().nullable(),
  /** The tenant by the name that it has now; null where it is about none, or that one is gone. */
  tenant: z.object({ slug: z.string(), name: z.string() }).nullable(),
  before: Fields,
  after: Fields,
  requestId: z.string(),
})
export type AuditEntry = z.output<typeof AuditEntry>
export const AuditPage = pageOf(AuditEntry)

/** Newest first. `subject`: what they are about, as `kind:id`, such as `machine:…`; default: everything. */
export const AuditQuery = PageQuery.extend({
  subject: z
    .string()
    .max(300)
    .regex(/^[a-z]+:\S+$/, 'A subject is written as kind:id.')
    .optional(),
})
