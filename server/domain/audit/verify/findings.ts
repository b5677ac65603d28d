/**
 * What a verification finds.
 * - `changed`: an entry does not fit its hash and the one before it: it, or the hash of the one before, was altered
 * - `removed`: entries `sequence` to `until` are gone
 * - `inserted`: an entry stands where the chain has not come to, or in a chain that there is none of
 * - `head_forged`: the chain's head was written without the key
 * - `head_missing`: the chain has none
 * - `head_differs`: the chain was written anew: it ends with another hash than its head has
 * - `rolled_back`: the chain ends before a place that an export told of
 * - `rewritten`: at a place that an export told of, another entry stands now
 * - `export_invalid`: a statement that the key did not sign, or that is none
 * - `export_missing`: statements `sequence` to `until` are not there
 * - `export_differs`: a statement does not follow from the one before
 */
export type FindingKind =
  | 'changed'
  | 'removed'
  | 'inserted'
  | 'head_forged'
  | 'head_missing'
  | 'head_differs'
  | 'rolled_back'
  | 'rewritten'
  | 'export_invalid'
  | 'export_missing'
  | 'export_differs'

export interface Finding {
  kind: FindingKind
  /** Null: of an export. */
  chain: number | null
  /** Of the entry within its chain; of an export its own, or the number of its line where it tells none. */
  sequence: number
  /** The last of several in a row. */
  until?: number
  /** Of the entry that stands there. */
  id?: string
}

/** Kept of a verification; more are counted. */
const keptAtMost = 100

/** Counts all findings, and keeps the first hundred. */
export function createFindings() {
  const kept: Finding[] = []
  let count = 0
  return {
    add(finding: Finding, times = 1): void {
      count += times
      if (kept.length < keptAtMost) kept.push(finding)
    },
    get count() {
      return count
    },
    get kept(): readonly Finding[] {
      return kept
    },
  }
}

export type Findings = ReturnType<typeof createFindings>
