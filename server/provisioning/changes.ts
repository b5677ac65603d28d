import type { z } from 'zod'
import type { StepEvent } from '#shared/contracts/provisioning'
import type { TenantScope } from '#server/scope'
import type { Signals } from '#server/storage/signals'
import { askedChannel, changedChannel } from './channels'
import { showStep } from './step-shown'

/** One change of a step, or several of them in one; `id` is its place in the tenant's order of changes. */
export interface StepChange {
  id: number
  data: z.input<typeof StepEvent>
}

interface WatchOptions {
  /** The last change that is known already; undefined: none. */
  after?: number | undefined
  /** Ends it. */
  signal: AbortSignal
  /** How often to look without a signal, since one may be lost. Default 3,000. */
  pollMs?: number
  /** When to end at the latest, so that the one who goes on is asked anew who they are. Default 300,000. */
  lifetimeMs?: number
}

/**
 * The tenant's step changes behind `after`, as they happen: each step's newest state at the time of asking for it, so
 * that a slow reader misses states in between and never the last one. Ids rise strictly; who goes on behind the last
 * one that they saw has no gap and nothing twice. A number from the future (of a database that was restored since)
 * counts as none.
 *
 * Ends when the signal aborts, when the tenant is gone, when the one who watches is no longer a member of it, and
 * after its lifetime.
 */
export async function* watchSteps(
  scope: TenantScope,
  signals: Pick<Signals, 'subscribe'>,
  { after = 0, signal, pollMs = 3_000, lifetimeMs = 300_000 }: WatchOptions,
): AsyncGenerator<StepChange, void, undefined> {
  const bell = createBell(scope.tenant.id, signals)
  const end = AbortSignal.any([signal, AbortSignal.timeout(lifetimeMs)])
  let seen = after
  try {
    while (!end.aborted) {
      bell.reset()
      if (!(await maySee(scope))) return
      const changed = await scope.stores.steps.changedSince(seen)
      if (!changed) return
      if (changed.sequence < seen) {
        seen = 0
        continue
      }
      const [next] = changed.steps
      if (next) {
        // One, and then anew: by the time that the next one is asked for, there may be newer states.
        seen = next.sequence
        yield { id: next.sequence, data: { status: changed.status, step: showStep(next) } }
      } else {
        await bell.rung(pollMs, end)
      }
    }
  } finally {
    bell.remove()
  }
}

async function maySee({ standing, actor, actorId, stores }: TenantScope): Promise<boolean> {
  if (standing === 'operator') return true
  // A service's machine is no member; whoever streams is let in anew before each event.
  if (actorId === null) return actor.kind !== 'user'
  return (await stores.members.find(actorId)) !== null
}

/** Remembers that a tenant's steps may have changed: only whether, so that it needs no room. */
function createBell(tenantId: string, signals: Pick<Signals, 'subscribe'>) {
  let hasRung = false
  let wake = () => {}
  const listener = (payload: string) => {
    if (payload !== tenantId) return
    hasRung = true
    wake()
  }
  const unsubscribe = [askedChannel, changedChannel].map((channel) => signals.subscribe(channel, listener))

  return {
    reset: () => void (hasRung = false),
    /** Waits until it rang since the reset, or the time is over, or the signal aborts. */
    rung: (milliseconds: number, signal: AbortSignal) =>
      new Promise<void>((resolve) => {
        if (hasRung || signal.aborted) return resolve()
        const timer = setTimeout(done, milliseconds)
        timer.unref()
        signal.addEventListener('abort', done)
        wake = done
        function done() {
          clearTimeout(timer)
          signal.removeEventListener('abort', done)
          wake = () => {}
          resolve()
        }
      }),
    remove: () => unsubscribe.forEach((remove) => remove()),
  }
}
