import { setTimeout as pause } from 'node:timers/promises'
import type { StepPlanner } from '../step-planner.port'
import { stepKey } from '../steps'
import { askLacking, lookClosely } from './closely'
import { tidy } from './compare'
import { endUnseen, writeFound, writeMissing } from './found.store'
import { behind, failureOf, type Sweeping } from './sweeping'
import type { Place, SweepClaim } from './sweeps.store'

/** So many of a page are compared in one transaction: a service may give everything in one page. */
const slice = 100

/**
 * Goes on with a sweep from where it was left, to its end. Everything is written together with how far it came, so
 * that it can be cut off anywhere: at most one page is asked for twice.
 *
 * @throws LeaseLost where somebody else goes on with it; what the signal aborts with; what the database throws
 */
export async function runSweep(claim: SweepClaim, work: Sweeping): Promise<void> {
  const surveyed = work.planners.filter(({ survey }) => survey !== undefined)
  for (;;) {
    work.signal.throwIfAborted()
    const isToDo = (name: string) => !claim.place.done.includes(name)
    const planner = surveyed.find((one) => isToDo(stepKey(one)))
    if (planner) claim = await onePage(planner, begun(claim, stepKey(planner), work), work)
    else if (isToDo('closely')) claim = await lookClosely(begun(claim, 'closely', work), work)
    else if (isToDo('lacking')) claim = await askLacking(begun(claim, 'lacking', work), work)
    else return work.store.end(claim)
    await pause(work.pauseMs, undefined, { signal: work.signal })
  }
}

function begun(claim: SweepClaim, at: string, { clock }: Sweeping): SweepClaim {
  if (claim.place.at === at) return claim
  const { done } = claim.place
  const place: Place = { done, at, phase: 'found', cursor: null, since: clock.now().getTime(), left: null }
  return { ...claim, place }
}

async function onePage(planner: StepPlanner, claim: SweepClaim, work: Sweeping): Promise<SweepClaim> {
  const { place } = claim
  if (place.phase === 'missing') return oneMissing(planner, claim, work)
  const askedAt = work.clock.now()
  const answer = await ask(planner, place.cursor, work)
  if ('failure' in answer) {
    // Without all of its pages nothing can be told of what is missing.
    const failures = { [stepKey(planner)]: answer.failure }
    return work.store.advance(claim, () => Promise.resolve({ place: behind(place), failures }))
  }
  const found = tidy(answer.found)
  const next: Place =
    answer.next === null ? { ...place, phase: 'missing', cursor: null } : { ...place, cursor: answer.next }
  let from = 0
  do {
    const isLast = from + slice >= found.length
    const some = found.slice(from, from + slice)
    claim = await work.store.advance(claim, async (tx, now) => ({
      drifted: await writeFound(tx, planner, some, { sweepId: claim.id, askedAt, now }),
      place: isLast ? next : place,
      things: some.length,
      pages: isLast ? 1 : 0,
    }))
    from += slice
  } while (from < found.length)
  return claim
}

function oneMissing(planner: StepPlanner, claim: SweepClaim, work: Sweeping): Promise<SweepClaim> {
  const { place } = claim
  const since = new Date(place.since)
  return work.store.advance(claim, async (tx, now) => {
    const about = { sweepId: claim.id, since, after: place.cursor, now }
    const { drifted, next } = await writeMissing(tx, planner, about)
    if (next !== null) return { place: { ...place, cursor: next }, drifted }
    await endUnseen(tx, planner, since)
    return { place: behind(place), drifted }
  })
}

type Answer = Awaited<ReturnType<NonNullable<StepPlanner['survey']>>>

async function ask(
  planner: StepPlanner,
  cursor: string | null,
  work: Sweeping,
): Promise<Answer | { failure: string }> {
  const { service } = planner
  const signal = AbortSignal.any([work.signal, AbortSignal.timeout(work.timeoutMs)])
  try {
    const survey = () => planner.survey?.(cursor, signal) ?? Promise.resolve({ found: [], next: null })
    const page = await work.gate(service).run(survey, signal)
    if (page.next !== null && page.next === cursor)
      return { failure: 'The service gives the same page again and again.' }
    return page
  } catch (error) {
    work.signal.throwIfAborted()
    const failure = failureOf(error)
    work.log.warn({ err: error, step: stepKey(planner) }, 'a service could not be compared')
    return { failure }
  }
}
