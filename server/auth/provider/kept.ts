import type { Clock } from '#server/lib/clock'

/** Something that is fetched from outside and kept for a while. */
export interface Kept<Value> {
  /**
   * What is kept, fetched anew where it is too old. Where that fails, what was kept before goes on to hold.
   *
   * @throws what `load` threw where nothing was ever fetched
   */
  get(): Promise<Value>
  /** Fetches anew, unless that was tried a moment ago: whoever asks can't cause a storm. Throws as `get` does. */
  renew(): Promise<Value>
}

/**
 * @param load fetches it; of callers at once, all wait for one
 * @param limits.freshSeconds how long it is kept before it is fetched anew
 * @param limits.pauseSeconds least time from one attempt to the next, whether it succeeded or not
 */
export function keep<Value>(
  load: () => Promise<Value>,
  clock: Clock,
  limits: { freshSeconds: number; pauseSeconds: number },
): Kept<Value> {
  let kept: { value: Value; at: number } | undefined
  let failed: { error: unknown } | undefined
  let attemptedAt = -Infinity
  let underWay: Promise<void> | undefined
  const seconds = () => clock.now().getTime() / 1000

  async function attempt(): Promise<void> {
    attemptedAt = seconds()
    try {
      const value = await load()
      kept = { value, at: seconds() }
      failed = undefined
    } catch (error) {
      failed = { error }
    }
  }

  async function renew(): Promise<Value> {
    if (underWay || seconds() - attemptedAt >= limits.pauseSeconds)
      await (underWay ??= attempt().finally(() => (underWay = undefined)))
    if (kept) return kept.value
    throw failed?.error
  }

  return {
    renew,
    get: async () => (kept && seconds() - kept.at < limits.freshSeconds ? kept.value : renew()),
  }
}
