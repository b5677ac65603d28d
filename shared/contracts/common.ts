import { z } from 'zod'

// In a browser schemas are not compiled: trying to is what the policy of our pages refuses, and reports.
if ('document' in globalThis) z.config({ jitless: true })

/** UUID of anything that Tenantry made. */
export const Id = z.uuid()

/** A moment in UTC, RFC 3339, such as `2026-11-22T05:00:00.000Z`. A Date is written out. */
export const Timestamp = z
  .union([z.iso.datetime({ offset: true }), z.date()])
  .transform((moment) => (typeof moment === 'string' ? moment : moment.toISOString()))
  .meta({ type: 'string', format: 'date-time' })

/**
 * An address as it is compared: without spaces around it, and with its ASCII letters in lower case. No others: some have
 * an ASCII letter as their lower case, and are another person's.
 */
export const comparableAddress = (text: string) =>
  text.replace(/^[\t\n\r ]+|[\t\n\r ]+$/g, '').replace(/[A-Z]/g, (letter) => letter.toLowerCase())

/** An e-mail address, trimmed and in lower case, at most 254 characters (RFC 5321 section 4.5.3.1). */
export const Email = z
  .string()
  .overwrite(comparableAddress)
  .max(254, 'An e-mail address has at most 254 characters.')
  .pipe(z.email('This is not an e-mail address.'))

/** A person's or a thing's name as shown: 1 to 100 characters, no control characters. */
export const DisplayName = z
  .string()
  .trim()
  .min(1, 'A name is needed.')
  .max(100, 'A name has at most 100 characters.')
  .regex(/^[^\p{Cc}\p{Cs}]*$/u, 'A name has no control characters.')

/** Search text of a list: trimmed, at most 100 characters. */
export const SearchText = z.string().trim().max(100).optional()

/** Query of every list: `cursor` as given in the page before, `limit` 1 to 200, default 50. */
export const PageQuery = z.object({
  cursor: z.string().min(1).max(512).optional(),
  limit: z.coerce.number().int().min(1).max(200).default(50),
})
export type PageQuery = z.output<typeof PageQuery>

/** One page of a list; `nextCursor` is null on the last one. */
export function pageOf<Item extends z.ZodType>(item: Item) {
  return z.object({ items: z.array(item), nextCursor: z.string().nullable() })
}

/** RFC 9457 problem details, as every error answers. */
export const Problem = z.object({
  type: z.string(),
  title: z.string(),
  status: z.number().int(),
  detail: z.string().optional(),
  /** Stable, `noun.what_happened`. */
  code: z.string(),
  requestId: z.string(),
  errors: z.array(z.object({ path: z.string(), message: z.string() })).optional(),
})
export type Problem = z.output<typeof Problem>

/** Whether people sign in with local accounts, or with the OpenID provider alone. */
export const AuthMode = z.enum(['standalone', 'oidc-only'])
export type AuthMode = z.output<typeof AuthMode>
