import { IntegrationError } from '#server/lib/errors'
import { untilCut } from '../attempt'
import { LeaseLost } from '../lease'
import type { StepPlanner } from '../step-planner.port'
import { stepKey } from '../steps'
import { lookClosely } from './closely'
import { tidy } from './compare'
import { countKept, endUnseen, listMissing, writeDrift, writeFound } from './found.store'
import { askLacking } from './lacking'
import { along, behind, nextOf, type Place } from './place'
import { fail, type Sweeping } from './sweeping'
import type { SweepClaim } from './sweeps.store'

/** So many of a page are compared in one transaction: a service may give everything in one page. */
const slice = 100
/** No service has so many pages: one that gives more goes round in a circle. */
const mostPages = 100_000

/**
 * Goes on with a sweep from where it was left, to its end. Everything is written together with how far it came, so
 * that it can be cut off anywhere: at most one page is asked for twice. What fails is tried again after a while, and the
 * other services have their turn meanwhile.
 *
 * @throws LeaseLost where somebody else goes on with it; what the signal aborts with; what the database throws
 */
export async function runSweep(claim: SweepClaim, work: Sweeping): Promise<void> {
  const { planners, signal, store, clock, pause } = work
  const surveyed = new Map(
    planners.filter(({ survey }) => survey !== undefined).map((planner) => [stepKey(planner), planner]),
  )
  if (claim.expected === null) claim = await count(claim, [...surveyed.values()], work)
  const parts = [...surveyed.keys(), 'closely', 'lacking']
  for (;;) {
    signal.throwIfAborted()
    const next = nextOf(claim.place, parts, clock.now().getTime())
    if (next === 'over') return store.end(claim)
    if ('waitMs' in next) {
      await pause(Math.min(next.waitMs, work.leaseMs / 3), signal)
      claim = await store.renew(claim)
      continue
    }
    claim = { ...claim, place: next.place }
    try {
      claim = await onePiece(claim, surveyed.get(next.track.at), work)
    } catch (error) {
      if (error instanceof LeaseLost || signal.aborted) throw error
      // Of whatever kind: a part that can't be got over would keep all others from their turn.
      claim = await fail(claim, error, work)
    }
    await pause(work.pauseMs, signal)
  }
}

/** Writes down how much there is to be compared, by what is on record; so it can be told how far the sweep is. */
function count(claim: SweepClaim, steps: readonly StepPlanner[], { store }: Sweeping): Promise<SweepClaim> {
  const { place } = claim
  return store.advance(claim, async (tx) => ({ place, expected: await countKept(tx, steps) }))
}

function onePiece(claim: SweepClaim, planner: StepPlanner | undefined, work: Sweeping): Promise<SweepClaim> {
  const { track } = claim.place
  if (track?.at === 'closely') return lookClosely(claim, work)
  if (track?.at === 'lacking') return askLacking(claim, work)
  // Another replica's part, of a service that is not configured here.
  if (!planner || !track)
    return work.store.advance(claim, () => Promise.resolve({ place: behind(claim.place) }))
  return track.phase === 'found' ? onePage(planner, claim, work) : oneMissing(planner, claim, work)
}

async function onePage(planner: StepPlanner, claim: SweepClaim, work: Sweeping): Promise<SweepClaim> {
  const { place } = claim
  const { cursor, round, pages } = trackOf(place)
  const askedAt = work.clock.now()
  const answer = await ask(planner, cursor, work)
  if ((answer.next !== null && answer.next === cursor) || pages >= mostPages)
    throw new IntegrationError({
      service: planner.service,
      kind: 'contract',
      message: 'The service gives the same page again and again.',
      retryable: false,
    })
  const found = tidy(answer.found)
  const last: Place =
    answer.next === null
      ? along(place, { phase: 'missing', cursor: null })
      : along(place, { cursor: answer.next, pages: pages + 1 })
  let from = 0
  do {
    const isLast = from + slice >= found.length
    const some = found.slice(from, from + slice)
    claim = await work.store.advance(claim, async (tx, now) => {
      const drifted = await writeFound(tx, planner, some, { sweepId: claim.id, askedAt, now })
      const counted = round === 1 ? { drifted, things: some.length } : {}
      return { ...counted, place: isLast ? last : place, pages: isLast ? 1 : 0 }
    })
    from += slice
  } while (from < found.length)
  return claim
}

function oneMissing(planner: StepPlanner, claim: SweepClaim, work: Sweeping): Promise<SweepClaim> {
  const { place } = claim
  const { round, since: begun, cursor } = trackOf(place)
  const since = new Date(begun)
  return work.store.advance(claim, async (tx, now) => {
    const { missing, next } = await listMissing(tx, planner, { sweepId: claim.id, since, after: cursor })
    // A thing that went from a page that was read lets another slip from the next page onto it.
    if (round === 1 && missing.length > 0)
      return { place: along(place, { phase: 'found', round: 2, cursor: null, pages: 0 }) }
    await writeDrift(tx, planner, missing, now)
    const drifted = missing.length
    if (next !== null) return { place: along(place, { cursor: next }), drifted }
    await endUnseen(tx, planner, since)
    return { place: behind(place), drifted }
  })
}

function trackOf({ track }: Place) {
  if (!track) throw new Error('The sweep is at nothing')
  return track
}

function ask({ service, survey }: StepPlanner, cursor: string | null, work: Sweeping) {
  const signal = AbortSignal.any([work.signal, AbortSignal.timeout(work.timeoutMs)])
  const page = () => survey?.(cursor, signal) ?? Promise.resolve({ found: [], next: null })
  return work.gate(service).run(() => untilCut(page, signal), signal)
}
