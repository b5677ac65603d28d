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
