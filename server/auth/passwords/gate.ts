/**
 * Lets only so many pieces of work run at a time; the others wait in their order.
 *
 * @returns a function that runs work when its turn comes, and gives what it gives or throws
 */
export function createGate(limit: number) {
  const waiting: (() => void)[] = []
  let running = 0
  return async <Result>(work: () => Promise<Result>): Promise<Result> => {
    if (running >= limit) await new Promise<void>((proceed) => waiting.push(proceed))
    else running += 1
    try {
      return await work()
    } finally {
      const next = waiting.shift()
      if (next) next()
      else running -= 1
    }
  }
}
