import { sha256 } from '#server/lib/ids'
import type { Head } from '../chain/format'
import type { Findings } from '../verify/findings'
import type { VerifyStore } from '../verify/verify.store'
import { digestOf, readStatement } from './statement'

export interface ExportsToVerify {
  /** Statements as they were exported, oldest first; one that is there twice is taken once. */
  lines: AsyncIterable<string> | Iterable<string>
  publicKey: { x: string }
  /** The last one that was delivered, so that a missing end is seen too. */
  last?: number | undefined
  /** Whether the first ones may be missing, as where only the newest are kept. */
  mayBeginLater?: boolean
}

/**
 * Verifies that statements are ours, whole and in a row, and that the audit still has what they tell of. Places of one
 * statement are looked up at a time.
 *
 * @returns how many there were
 */
export async function verifyExports(
  { lines, publicKey, last, mayBeginLater = false }: ExportsToVerify,
  store: VerifyStore,
  findings: Findings,
): Promise<number> {
  const heads = new Map<number, Head>()
  let before: { sequence: number; hash: string } | undefined
  let isWhole = true
  let count = 0
  let number = 0
  let torn: string | undefined
  for await (const line of lines) {
    number += 1
    const statement = readStatement(line, publicKey)
    // What a crash left of a line is no finding where the whole line follows.
    if (torn !== undefined && !(statement && line.startsWith(torn)))
      findings.add({ kind: 'export_invalid', chain: null, sequence: number - 1 })
    torn = statement ? undefined : line
    if (!statement) continue
    const hash = sha256(line)
    if (before?.hash === hash) continue
    count += 1
    const { sequence, previous } = statement
    const expected = before ? before.sequence + 1 : mayBeginLater ? sequence : 1
    if (sequence > expected) {
      findings.add(missing(expected, sequence - 1), sequence - expected)
      isWhole = false
    } else if (sequence < expected || (before && previous !== before.hash))
      findings.add({ kind: 'export_differs', chain: null, sequence })
    if (!before && sequence > 1) isWhole = false
    const told = statement.heads.map(([chain, at, of]) => ({ chain, sequence: at, hash: of }))
    for (const head of told) heads.set(head.chain, head)
    if (isWhole && digestOf([...heads.values()]) !== statement.digest)
      findings.add({ kind: 'export_differs', chain: null, sequence })
    await compare(told, store, findings)
    before = { sequence, hash }
  }
  if (torn !== undefined) findings.add({ kind: 'export_invalid', chain: null, sequence: number })
  const seen = before?.sequence ?? 0
  if (last !== undefined && last > seen) findings.add(missing(seen + 1, last), last - seen)
  return count
}

/** Looks for what a statement told of. */
async function compare(told: Head[], store: VerifyStore, findings: Findings): Promise<void> {
  const places = told.filter(({ sequence }) => sequence > 0)
  const standing = new Map(
    (await store.hashesAt(places)).map((head) => [`${head.chain} ${head.sequence}`, head.hash]),
  )
  for (const { chain, sequence, hash } of places) {
    const stands = standing.get(`${chain} ${sequence}`)
    if (stands === hash) continue
    const isHole = stands === undefined && ((await store.findHead(chain))?.sequence ?? 0) >= sequence
    // A hole was found on the way along the chain.
    if (!isHole) findings.add({ kind: stands === undefined ? 'rolled_back' : 'rewritten', chain, sequence })
  }
}

const missing = (from: number, until: number) => ({
  ...{ kind: 'export_missing' as const, chain: null, sequence: from },
  ...(until > from && { until }),
})
