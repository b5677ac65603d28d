import { setTimeout as pause } from 'node:timers/promises'
import type { Signals } from '#server/storage/signals'
import { LeaseLost } from '../lease'
import { runSweep } from './sweep'
import type { SweepMeans } from './sweeping'
import { sweepsStore } from './sweeps.store'

/** A signal, without meaning of its own: a sweep was asked for. It may be lost. */
export const sweepChannel = 'provisioning.sweep'

type Paced = 'leaseMs' | 'timeoutMs' | 'pauseMs' | 'pause' | 'random'

export interface SweeperOptions extends Omit<SweepMeans, Paced>, Partial<Pick<SweepMeans, Paced>> {
  signals: Pick<Signals, 'subscribe'>
  /** Has some of what was found repaired, where that is wished; called at every look. */
  repair?: () => Promise<void>
  /** How often it looks whether there is something to do. Default 5,000. */
  pollMs?: number
}

export interface Sweeper {
  start(): void
  /** Cuts off what is under way; it goes on from there, here or elsewhere. */
  stop(): Promise<void>
  /** Does what there is to do now. @throws what the database throws */
  work(): Promise<void>
}

/** Compares all tenants with all services: when it is time to, and when asked. Of all replicas one does it. */
export function createSweeper(options: SweeperOptions): Sweeper {
  const { signals, pollMs = 5_000, log, everySeconds } = options
  const means: SweepMeans = {
    ...{ leaseMs: 45_000, timeoutMs: 30_000, pauseMs: 5, random: Math.random },
    pause: (milliseconds, signal) => pause(milliseconds, undefined, { signal }),
    ...options,
  }
  const store = sweepsStore(means)
  const stopping = new AbortController()
  let timer: NodeJS.Timeout | undefined
  let underWay: Promise<void> | undefined
  let unsubscribe = () => {}

  async function work(): Promise<void> {
    await sweep()
    await options.repair?.()
  }

  async function sweep(): Promise<void> {
    if (everySeconds > 0) await store.schedule(everySeconds)
    const claim = await store.claim()
    if (!claim) return
    try {
      await runSweep(claim, { ...means, store, signal: stopping.signal })
    } catch (error) {
      if (error instanceof LeaseLost) return
      await store.release(claim)
      if (!stopping.signal.aborted) throw error
    }
  }

  function look(): void {
    if (stopping.signal.aborted || underWay) return
    clearTimeout(timer)
    underWay = work()
      .catch((error: unknown) => log.error({ err: error }, 'a sweep was cut off; it goes on later'))
      .finally(() => {
        underWay = undefined
        if (!stopping.signal.aborted) timer = setTimeout(look, pollMs).unref()
      })
  }

  return {
    start() {
      unsubscribe = signals.subscribe(sweepChannel, look)
      look()
    },
    async stop() {
      unsubscribe()
      clearTimeout(timer)
      stopping.abort()
      await underWay
    },
    work,
  }
}
