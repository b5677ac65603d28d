/** So many places for work; who finds none free waits, in the order in which they came. */
export interface Places {
  /**
   * Does work once a place is free.
   *
   * @throws the signal's reason where it aborts before; what the work throws
   */
  run<Result>(work: () => Promise<Result>, signal: AbortSignal): Promise<Result>
  /** To be called by work that has a place: gives it away for a while, and ends when it has one again. */
  rest<Result>(idle: () => Promise<Result>): Promise<Result>
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
        signal.removeEventListener('abort', goAway)
        resolve()
      }
      const goAway = () => {
        const place = waiting.indexOf(proceed)
        if (place >= 0) waiting.splice(place, 1)
        reject(signal.reason as Error)
      }
      waiting.push(proceed)
      signal.addEventListener('abort', goAway, { once: true })
    })
  }

  /** A place goes from one to the next, and is never free in between. */
  function leave(): void {
    const next = waiting.shift()
    if (next) next()
    else taken -= 1
  }

  return {
    async run(work, signal) {
      await enter(signal)
      try {
        return await work()
      } finally {
        leave()
      }
    },
    async rest(idle) {
      leave()
      try {
        return await idle()
      } finally {
        // Whatever came of it: the work gives a place back when it ends.
        await enter(new AbortController().signal)
      }
    },
  }
}

/** Places for whatever comes. */
export const endlessPlaces: Places = { run: (work) => work(), rest: (idle) => idle() }
