/** So many places for work; who finds none free waits, in the order in which they came. */
export interface Places {
  /**
   * Does work once a place is free.
   *
   * @throws the signal's reason where it aborts before; what the work throws
   */
  run<Result>(work: () => Promise<Result>, signal: AbortSignal): Promise<Result>
}

/** @param count how many do their work at a time */
export function createPlaces(count: number): Places {
  const waiting: (() => void)[] = []
  let taken = 0

  async function enter(signal: AbortSignal): Promise<void> {
    signal.throwIfAborted()
    if (taken < count) {
      taken += 1
      return
    }
    await new Promise<void>((resolve, reject) => {
      const proceed = () => {
        signal.removeEventListener('abort', leave)
        resolve()
      }
      const leave = () => {
        const place = waiting.indexOf(proceed)
        if (place >= 0) waiting.splice(place, 1)
        reject(signal.reason as Error)
      }
      waiting.push(proceed)
      signal.addEventListener('abort', leave, { once: true })
    })
  }

  return {
    async run(work, signal) {
      await enter(signal)
      try {
        return await work()
      } finally {
        // A place goes from one to the next, and is never free in between.
        const next = waiting.shift()
        if (next) next()
        else taken -= 1
      }
    },
  }
}

/** Places for whatever comes. */
export const endlessPlaces: Places = { run: (work) => work() }
