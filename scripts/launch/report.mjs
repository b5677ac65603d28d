// @ts-check
// What people see of the preparations: a line for each thing that had to be done.

/** @param {number} since from performance.now() */
export function secondsSince(since) {
  const seconds = (performance.now() - since) / 1000
  return `${seconds < 10 ? seconds.toFixed(1) : Math.round(seconds)} s`
}

/** @param {string} line */
export function say(line) {
  process.stdout.write(`${line}\n`)
}

/**
 * Does something, with a line before and one after it.
 *
 * @template Result
 * @param {string} doing such as `Building`
 * @param {() => Promise<Result>} work
 * @returns {Promise<Result>}
 */
export async function announced(doing, work) {
  const start = performance.now()
  say(`  ${doing} …`)
  try {
    const result = await work()
    say(`  ${doing}: done in ${secondsSince(start)}`)
    return result
  } catch (error) {
    say(`  ${doing}: failed after ${secondsSince(start)}`)
    throw error
  }
}
