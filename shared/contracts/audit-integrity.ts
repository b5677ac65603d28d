import { z } from 'zod'
import { Timestamp } from './common'

/** A JWK (RFC 8037); `kid` is its thumbprint. */
export const AuditKey = z.object({
  kty: z.literal('OKP'),
  crv: z.literal('Ed25519'),
  x: z.string(),
  kid: z.string(),
  use: z.literal('sig'),
  alg: z.literal('EdDSA'),
})
export type AuditKey = z.output<typeof AuditKey>

/** How the exports of the audit stand. */
export const AuditIntegrity = z.object({
  publicKey: AuditKey,
  /** Null where AUDIT_EXPORT is not set. */
  export: z
    .object({
      to: z.enum(['folder', 'webhook']),
      everySeconds: z.int(),
      /** The last statement that arrived. */
      delivered: z.object({ sequence: z.int(), at: Timestamp }).nullable(),
      /** The last attempt that failed. */
      failed: z.object({ sequence: z.int(), at: Timestamp, reason: z.string() }).nullable(),
      /** Statements that have not arrived yet. */
      waiting: z.int(),
    })
    .nullable(),
})
export type AuditIntegrity = z.output<typeof AuditIntegrity>

/** Behind which entry of which chain a verification goes on. */
const Place = z.strictObject({ chain: z.int().min(0).max(128), sequence: z.int().min(0).max(2_147_483_647) })

export const VerifyAudit = z.strictObject({
  /** `next` of the part before; absent: from the beginning. */
  from: Place.optional(),
})
export type VerifyAudit = z.output<typeof VerifyAudit>

export const AuditFinding = z.object({
  kind: z.enum([
    'changed',
    'removed',
    'inserted',
    'head_forged',
    'head_missing',
    'head_differs',
    'rolled_back',
    'rewritten',
    'export_invalid',
    'export_missing',
    'export_differs',
  ]),
  /** Null: of an export. */
  chain: z.int().nullable(),
  sequence: z.int(),
  /** The last of several in a row. */
  until: z.int().optional(),
  id: z.string().optional(),
})
export type AuditFinding = z.output<typeof AuditFinding>

export const AuditVerification = z.object({
  /** Entries that this part looked at. */
  entries: z.int(),
  exports: z.int(),
  /** All findings of this part; `findings` holds the first 100. */
  found: z.int(),
  findings: z.array(AuditFinding),
  /** Where the next part begins; null: this was the last. */
  next: Place.nullable(),
})
export type AuditVerification = z.output<typeof AuditVerification>
