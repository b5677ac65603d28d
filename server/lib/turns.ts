/**
 * Lets work run one after the other, in the order in which it came.
 *
 * @returns a function that runs work when its turn comes, and gives what it gives or throws
 */
export function createTurns() {
  let last: Promise<unknown> = Promise.resolve()
  return <Result>(work: () => Promise<Result>): Promise<Result> => {
    const turn = last.then(work, work)
    last = turn
    return turn
  }
}

/** The same for each key on its own; nothing is kept of a key that nobody works on. */
export function createKeyedTurns() {
  const last = new Map<string, Promise<unknown>>()
  return <Result>(key: string, work: () => Promise<Result>): Promise<Result> => {
    const before = last.get(key)
    const turn = before ? before.then(work, work) : work()
    last.set(key, turn)
    const leave = () => {
      if (last.get(key) === turn) last.delete(key)
    }
    void turn.then(leave, leave)
    return turn
  }
}
