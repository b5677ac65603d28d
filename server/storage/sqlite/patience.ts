import { setTimeout as delay } from 'node:timers/promises'
import { isBusy } from '../database.errors'

/** Tries again while another process writes, without holding up this one; then throws what it got. */
export async function patiently<T>(attempt: () => T, patienceMilliseconds = 5_000): Promise<T> {
  const deadline = performance.now() + patienceMilliseconds
  for (;;) {
    try {
      return attempt()
    } catch (error) {
      if (!isBusy(error) || performance.now() > deadline) throw error
      await delay(5 + Math.random() * 20)
    }
  }
}
