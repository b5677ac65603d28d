import type { Database } from '#server/storage/database'
import { beginningChain, chainCount } from '../chain/format'
import { verifyExports, type ExportsToVerify } from '../exports/verify-exports'
import { verifyChain, type Place } from './chains'
import { createFindings, type Finding } from './findings'
import { verifyStore } from './verify.store'

export type { Finding, FindingKind } from './findings'

export interface Verification {
  /** Entries looked at. */
  entries: number
  /** Statements looked at. */
  exports: number
  /** All findings; `findings` has the first hundred of them. */
  found: number
  findings: readonly Finding[]
  /** Where to go on: time was over; null: all was looked at. */
  next: Place | null
}

export interface VerifyOptions {
  /** `keyring.derive('audit')` */
  auditKey: Buffer
  /** What was exported, oldest first; undefined: nothing to compare with. */
  exports?: ExportsToVerify | undefined
  /** Where an earlier verification stopped. */
  from?: Place | undefined
  /** Stops at a page's end once this says no; default: never. */
  mayGoOn?: () => boolean
  /** Told after each page, with the entries so far. */
  onProgress?: (entries: number) => void
}

/**
 * Verifies every chain of the audit, and that what was exported of them is still there. A page of entries is held in
 * memory at a time, and the findings of 100.
 */
export async function verifyAudit(
  { client }: Pick<Database, 'client'>,
  { auditKey, exports, from, mayGoOn = () => true, onProgress }: VerifyOptions,
): Promise<Verification> {
  const store = verifyStore(client)
  const findings = createFindings()
  const seen = { entries: 0, exports: 0 }
  const answer = (next: Place | null): Verification => ({
    ...{ ...seen, found: findings.count, findings: findings.kept, next },
  })
  const onPage = (entries: number) => {
    seen.entries += entries
    onProgress?.(seen.entries)
  }

  const start = from?.chain ?? beginningChain
  for (let chain = start; chain <= chainCount; chain++) {
    if (chain > start && !mayGoOn()) return answer({ chain, sequence: 0 })
    const after = from?.chain === chain && from.sequence > 0 ? from : undefined
    const stopped = await verifyChain(chain, after, { store, key: auditKey, findings, mayGoOn, onPage })
    if (stopped) return answer(stopped)
  }
  const strays = await store.countStrays()
  if (strays > 0) {
    for (const stray of await store.strays(100)) findings.add({ kind: 'inserted', ...stray })
    if (strays > 100) findings.add({ kind: 'inserted', chain: null, sequence: 0 }, strays - 100)
  }
  if (exports) seen.exports = await verifyExports(exports, store, findings)
  return answer(null)
}
