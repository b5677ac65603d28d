import type { Log } from '#server/lib/log'
import type { ExportsStore, NextExport } from './exports.store'
import type { ExportTarget } from './target.port'

/** Statements delivered in one go. */
const atOnce = 100

export interface ExporterOptions extends NextExport {
  store: ExportsStore
  target: ExportTarget
  log: Log
}

/** Tells a place outside how far the audit has come. */
export interface AuditExporter {
  /**
   * Makes a statement where it is time, and delivers what waits, oldest first, until one fails. What failed is kept and
   * tried again after a minute: a place that is away for a day gets all of that day.
   *
   * @returns how many arrived
   */
  work(): Promise<number>
}

export function createAuditExporter({ store, target, log, ...next }: ExporterOptions): AuditExporter {
  return {
    async work() {
      await store.makeNext(next)
      for (let arrived = 0; ; arrived++) {
        const claimed = arrived < atOnce ? await store.claimNext() : null
        if (!claimed) return arrived
        const { sequence, statement } = claimed
        try {
          await target.deliver(statement, sequence)
        } catch (error) {
          const failure = error instanceof Error ? error.message : 'unknown'
          log.warn({ sequence, reason: failure }, 'the state of the audit could not be exported')
          await store.failed(sequence, failure.slice(0, 500))
          return arrived
        }
        await store.delivered(sequence)
      }
    },
  }
}
