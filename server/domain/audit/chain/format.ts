import { createHash, createHmac, timingSafeEqual } from 'node:crypto'

/** Chains that entries are added to, 1 to 128: each transaction takes one by chance, so that writers seldom meet. */
export const chainCount = 128
/** The chain of the entries of before there were chains; nothing is added to it. */
export const beginningChain = 0

/** The stored fields of an entry, as they are read back. */
export interface ChainedFields {
  id: string
  at: Date
  actorKind: string
  actorId: string | null
  action: string
  subjectKind: string
  subjectId: string
  tenantId: string | null
  before?: unknown
  after?: unknown
  requestId: string
}

/** A place in a chain, and the hash of what stands there; sequence 0 and an empty hash: nothing yet. */
export interface Head {
  chain: number
  sequence: number
  /** 64 hex digits */
  hash: string
}

/**
 * JSON in the one form that RFC 8785 (JCS) gives it: members sorted by UTF-16 code units, no white space. So it does not
 * matter in which order a database gives the members of a JSON value back.
 */
export function canonical(value: unknown): string {
  if (Array.isArray(value)) return `[${value.map(canonical).join(',')}]`
  if (value === null || typeof value !== 'object') return JSON.stringify(value)
  const members = Object.entries(value)
    .sort(([one], [two]) => (one < two ? -1 : 1))
    .map(([name, member]) => `${JSON.stringify(name)}:${canonical(member)}`)
  return `{${members.join(',')}}`
}

/**
 * The hash of a link, hex: SHA-256 over the JCS form of every stored field, the chain, the sequence, and `previous`,
 * the hash of the link before (empty for the first), with `v: 1` for this very format.
 */
export function hashOfEntry(
  {
    id,
    at,
    actorKind,
    actorId,
    action,
    subjectKind,
    subjectId,
    tenantId,
    before,
    after,
    requestId,
  }: ChainedFields,
  { chain, sequence }: Pick<Head, 'chain' | 'sequence'>,
  previous: string,
): string {
  const text = canonical({
    ...{ v: 1, chain, sequence, previous },
    ...{ id, at: at.toISOString(), actorKind, actorId, action, subjectKind, subjectId, tenantId },
    ...{ before: before ?? null, after: after ?? null, requestId },
  })
  return createHash('sha256').update(text).digest('hex')
}

/** What shows that a head was written by somebody who has the key: HMAC-SHA-256, hex. */
export function macOfHead(key: Buffer, { chain, sequence, hash }: Head): string {
  return createHmac('sha256', key)
    .update(canonical({ v: 1, chain, sequence, hash }))
    .digest('hex')
}

/** Whether a head is one that was written by somebody who has the key, or one that nothing was added to yet. */
export function isGenuine(key: Buffer, head: Head & { mac: string }): boolean {
  if (head.sequence === 0 && head.hash === '' && head.mac === '') return true
  const [given, made] = [Buffer.from(head.mac), Buffer.from(macOfHead(key, head))]
  return given.length === made.length && timingSafeEqual(given, made)
}
