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

/**
 * Lets work run in so many lanes side by side, what has the same key always in the same one.
 *
 * @returns a function that runs work when its turn comes, and gives what it gives or throws
 */
export function createLanes(count: number) {
  const lanes = Array.from({ length: count }, createTurns)
  return <Result>(key: string, work: () => Promise<Result>): Promise<Result> => {
    let sum = 0
    for (let at = 0; at < key.length; at++) sum = (sum * 31 + key.charCodeAt(at)) % 0xffff_ffff
    const lane = lanes[sum % count]
    if (!lane) throw new RangeError(`${count} lanes are none`)
    return lane(work)
  }
}
