import { hashOfEntry, isGenuine, type Head } from '../chain/format'
import type { Findings } from './findings'
import { beforeAll, type VerifyStore } from './verify.store'

/** Entries read at once. */
const pageSize = 1000

/** A place in a chain, behind which to go on. */
export interface Place {
  chain: number
  sequence: number
}

interface Means {
  store: VerifyStore
  key: Buffer
  findings: Findings
  /** Whether there is time for another page. */
  mayGoOn(): boolean
  /** Told after each page. */
  onPage(entries: number): void
}

/**
 * Walks along one chain, page by page. Entries that are added meanwhile are seen whole: they and the head's move are of
 * one transaction, and a head that is farther than the entries before it has them read once more.
 *
 * @param after where an earlier walk stopped
 * @returns where it stopped for want of time; null: it came to the end
 */
export async function verifyChain(
  chain: number,
  after: Place | undefined,
  means: Means,
): Promise<Place | null> {
  const { store, key, findings } = means
  const walk = createWalk(chain, findings)
  let read = after?.sequence ?? beforeAll
  if (after && after.sequence > 0) walk.resume(after.sequence, (await store.findLink(chain, read))?.hash)
  /** How far a head went that was read before the page: what it tells of is there to be read, or gone. */
  let promised = 0
  for (;;) {
    const page = await store.links(chain, read, pageSize)
    const head = page.length < pageSize ? await store.findHead(chain) : undefined
    for (const link of page) walk.step(link)
    read = page.at(-1)?.sequence ?? read
    means.onPage(page.length)
    if (head === null) {
      findings.add({ kind: 'head_missing', chain, sequence: walk.last })
      return null
    }
    if (head && (head.sequence <= walk.last || (page.length === 0 && promised > walk.last))) {
      walk.end(head, isGenuine(key, head))
      return null
    }
    promised = head?.sequence ?? promised
    if (page.length > 0 && !means.mayGoOn()) return { chain, sequence: read }
  }
}

type Link = Awaited<ReturnType<VerifyStore['links']>>[number]

/** Follows a chain from its first link on. */
function createWalk(chain: number, findings: Findings) {
  let last = 0
  /** Of the link before; undefined where that is gone: then the next one can't be told to fit. */
  let previous: string | undefined = ''
  /** What came behind a gap or the last link known: whether it belongs there, the head tells. */
  const fits = (link: Link) =>
    previous === undefined || link.hash === hashOfEntry(link, { chain, sequence: link.sequence }, previous)

  return {
    get last() {
      return last
    },
    resume(sequence: number, hash: string | undefined) {
      last = sequence
      previous = hash
    },
    step(link: Link) {
      const { id, sequence } = link
      if (sequence < 1) {
        findings.add({ kind: 'inserted', chain, sequence, id })
        return
      }
      if (sequence > last + 1) {
        findings.add(gap(chain, last + 1, sequence - 1), sequence - 1 - last)
        previous = undefined
      }
      if (!fits(link)) findings.add({ kind: 'changed', chain, sequence, id })
      last = sequence
      previous = link.hash
    },
    end(head: Head, genuine: boolean) {
      if (!genuine) findings.add({ kind: 'head_forged', chain, sequence: head.sequence })
      if (head.sequence > last) findings.add(gap(chain, last + 1, head.sequence), head.sequence - last)
      else if (head.sequence < last)
        findings.add({ ...gap(chain, head.sequence + 1, last), kind: 'inserted' }, last - head.sequence)
      else if (head.hash !== (previous ?? ''))
        findings.add({ kind: 'head_differs', chain, sequence: head.sequence })
    },
  }
}

const gap = (chain: number, from: number, until: number) => ({
  ...{ kind: 'removed' as const, chain, sequence: from },
  ...(until > from && { until }),
})
