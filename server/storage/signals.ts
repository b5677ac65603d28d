import type { Log } from '#server/lib/log'
import { providerOf } from './database'
import { createPostgresqlSignals } from './signals-postgresql'

/** Hears what is published on one channel. */
export type SignalListener = (payload: string) => void

/**
 * Wakes others: in this process, and on PostgreSQL in every other that uses the same database.
 * A signal may be lost or come twice, so it says "look there", and carries nothing that is not in the database.
 */
export interface Signals {
  /**
   * Tells every listener, soon; returns at once, and never fails.
   *
   * @param payload at most 7,000 bytes of text, such as an id
   */
  publish(channel: string, payload: string): void
  /** @returns ends the subscription */
  subscribe(channel: string, listener: SignalListener): () => void
  /** Publishes and hears nothing more. */
  close(): Promise<void>
}

/** The signals that go with a database. They connect by themselves, and again after every loss. */
export function openSignals({ url, log }: { url: string; log: Log }): Signals {
  return providerOf(url) === 'sqlite' ? createLocalSignals(log) : createPostgresqlSignals({ url, log })
}

/** Signals within this process. */
export function createLocalSignals(log: Log): Signals {
  const listeners = new Map<string, Set<SignalListener>>()

  return {
    publish(channel, payload) {
      // Later, so that a listener never runs in the middle of the publisher's work.
      for (const listener of listeners.get(channel) ?? []) {
        setImmediate(() => {
          if (listeners.get(channel)?.has(listener)) tell(listener, payload)
        })
      }
    },
    subscribe(channel, listener) {
      // Each subscription is one of its own, even of the same listener.
      const mine: SignalListener = (payload) => listener(payload)
      const others = listeners.get(channel) ?? new Set()
      listeners.set(channel, others.add(mine))
      return () => {
        others.delete(mine)
        if (others.size === 0 && listeners.get(channel) === others) listeners.delete(channel)
      }
    },
    close: () => Promise.resolve(listeners.clear()),
  }

  function tell(listener: SignalListener, payload: string) {
    try {
      listener(payload)
    } catch (error) {
      log.error({ err: error }, 'A listener failed on a signal')
    }
  }
}
