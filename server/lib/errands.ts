import type { Log } from './log'

/** Work that an answer does not wait for. */
export interface Errands {
  /** Begins it; a failure is logged. @param what in words for the log, without secrets or addresses */
  run(what: string, work: () => Promise<unknown>): void
  /** Resolves when none is under way. */
  settled(): Promise<void>
}

export function createErrands(log: Log): Errands {
  const underWay = new Set<Promise<void>>()
  return {
    run(what, work) {
      const errand = work()
        .then(
          () => undefined,
          (error: unknown) => log.error({ err: error }, `${what} failed`),
        )
        .finally(() => underWay.delete(errand))
      underWay.add(errand)
    },
    async settled() {
      while (underWay.size > 0) await Promise.all(underWay)
    },
  }
}
