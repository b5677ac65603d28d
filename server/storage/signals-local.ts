import type { Log } from '#server/lib/log'
import type { SignalListener, Signals } from './signals.port'

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
