import { z } from 'zod'
import { PageQuery, pageOf, Timestamp } from './common'

/**
 * What was found of a record that is to be published: it is there, it is not there, something else is there, or nobody
 * could be asked.
 */
export const RecordStatus = z.enum(['ok', 'missing', 'different', 'unknown'])
export type RecordStatus = z.output<typeof RecordStatus>

/**
 * What a record is for: `ownership` shows whose the domain is; `mx`, `spf` and `dkim` are what mail needs, `dmarc` what
 * keeps others from writing in the domain's name; by `clients` mail programs find their settings.
 */
export const RecordPurpose = z.enum(['ownership', 'mx', 'spf', 'dkim', 'dmarc', 'clients', 'other'])
export type RecordPurpose = z.output<typeof RecordPurpose>

/** A DNS record to publish, with what was found when it was last looked up. */
export const DomainRecord = z.object({
  purpose: RecordPurpose,
  /** Such as `TXT`. */
  type: z.string(),
  /** Fully qualified, without a dot at its end. */
  name: z.string(),
  value: z.string(),
  status: RecordStatus,
  /** What is there instead or as well, cut where it is long. */
  found: z.array(z.string()),
  /** It was there before, and is not what it was. */
  drifted: z.boolean(),
})
export type DomainRecord = z.output<typeof DomainRecord>

/**
 * Whether the records of mail are among the records: `none` where there is no mail server; `pending` until it has the
 * domain; `unreachable` where it could not be asked.
 */
export const MailRecordsState = z.enum(['none', 'pending', 'listed', 'unreachable'])
export type MailRecordsState = z.output<typeof MailRecordsState>

/** A mail domain that a tenant claims, or has. */
export const Domain = z.object({
  /** In lower case, A-labels (RFC 5890). */
  name: z.string(),
  /** The name as people read it. */
  displayName: z.string(),
  status: z.enum(['pending', 'verified']),
  /** The TXT record that shows whose the domain is. */
  challenge: z.object({ type: z.literal('TXT'), name: z.string(), value: z.string() }),
  /** Until when a claim can be verified; null once it is. */
  expiresAt: Timestamp.nullable(),
  verifiedAt: Timestamp.nullable(),
  /** When its records were last looked up. */
  checkedAt: Timestamp.nullable(),
  mailRecords: MailRecordsState,
  /** That of the challenge comes first. */
  records: z.array(DomainRecord),
  createdAt: Timestamp,
})
export type Domain = z.output<typeof Domain>
export const DomainPage = pageOf(Domain)
export const DomainQuery = PageQuery

/** The name of a domain as somebody writes it; also in letters beyond ASCII. */
export const AddDomain = z.strictObject({
  name: z.string().trim().min(1, 'A name is needed.').max(253, 'A domain name has at most 253 characters.'),
})
export type AddDomain = z.output<typeof AddDomain>
