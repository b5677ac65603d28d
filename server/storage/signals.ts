import type { Log } from '#server/lib/log'
import { providerOf } from './database-url'
import { createLocalSignals } from './signals-local'
import { createPostgresqlSignals } from './postgresql/signals'
import type { Signals } from './signals.port'

export type { SignalListener, Signals } from './signals.port'

/** The signals that go with a database. They connect by themselves, and again after every loss. */
export function openSignals({ url, log }: { url: string; log: Log }): Signals {
  return providerOf(url) === 'sqlite' ? createLocalSignals(log) : createPostgresqlSignals({ url, log })
}
