import type { Clock } from '#server/lib/clock'

/** What a process keeps for a moment to be faster. It is bounded, and may be forgotten at any time. */
export interface Memory<Value> {
  /** @returns undefined where it is not kept, or no longer holds */
  get(key: string): Value | undefined
  /** @param until from then on it no longer holds */
  set(key: string, value: Value, until: Date): void
}

/** @param most entries; beyond them the oldest goes */
export function createMemory<Value>(clock: Clock, most: number): Memory<Value> {
  const kept = new Map<string, { value: Value; until: Date }>()
  return {
    get(key) {
      const found = kept.get(key)
      if (!found) return undefined
      if (found.until > clock.now()) return found.value
      kept.delete(key)
      return undefined
    },
    set(key, value, until) {
      kept.delete(key)
      kept.set(key, { value, until })
      if (kept.size <= most) return
      const [oldest] = kept.keys()
      if (oldest !== undefined) kept.delete(oldest)
    },
  }
}
