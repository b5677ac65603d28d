const firstDelayMs = 2_000
const longestDelayMs = 300_000

/**
 * How long to wait before a step is tried again: doubling from 2 s to 5 min, between half of it and all of it by
 * chance, so that tenants which failed together don't come back together; never less than the service asked for.
 *
 * @param attempt how often it was tried, 1 or more
 * @param random gives 0 to 1
 * @param retryAfterSeconds what the service asked for (Retry-After, RFC 9110 section 10.2.3)
 * @returns milliseconds
 */
export function retryDelayMs(attempt: number, random: () => number, retryAfterSeconds = 0): number {
  const delay = Math.min(firstDelayMs * 2 ** (attempt - 1), longestDelayMs)
  return Math.max(Math.round(delay / 2 + (delay / 2) * random()), retryAfterSeconds * 1000)
}
