/**
 * What expires, shared by all replicas: replay marks, rate limits, claims, answers kept for a while.
 * Every operation is atomic, and what has expired is never seen again. Time to live is in seconds.
 * Keys and values are texts; keys are plain to whoever can read the store, so they hold no secret.
 *
 * Every method throws what `isCacheUnavailable` or `isDatabaseUnavailable` recognises while the store is away.
 */
export interface Cache {
  get(key: string): Promise<string | null>
  set(key: string, value: string, ttlSeconds: number): Promise<void>
  /** Of callers at once, one alone is answered true; its value is kept. */
  setIfAbsent(key: string, value: string, ttlSeconds: number): Promise<boolean>
  /** Gets and deletes: of callers at once, one alone gets the value. */
  take(key: string): Promise<string | null>
  /**
   * Counts within a window of time that begins with the first count and does not move.
   *
   * @param by a whole number, default 1; less than 0 takes back what was counted
   */
  increment(key: string, ttlSeconds: number, by?: number): Promise<Count>
  delete(key: string): Promise<void>
  /** Throws, within 5 seconds, where the store does not answer. */
  ping(): Promise<void>
  /** Removes what has expired, where the store does not do so by itself. Gives the number of entries removed. */
  sweep(): Promise<number>
  /** Ends the connection, where it has one of its own. */
  close(): Promise<void>
}

export interface Count {
  /** 1 for the first. */
  count: number
  /** Until the window ends and counting begins anew. */
  resetsInSeconds: number
}

/** The cache is out of reach, or refuses us. The message is for an operator. */
export class CacheUnavailable extends Error {
  override readonly name = 'CacheUnavailable'
}

export function isCacheUnavailable(error: unknown): boolean {
  return error instanceof CacheUnavailable
}
