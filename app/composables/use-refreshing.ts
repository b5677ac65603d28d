import type { Ask } from './use-page-data'

const longestWaitMs = 60_000

/**
 * Brings what a page shows up to date again and again: one after the other, not while the page is hidden, and at once
 * when somebody looks at it again. Each time that it fails it waits longer. Nobody asks, so it is no use of the session: one that is left alone ends, however long its page stays open.
 *
 * @param refresh never rejects; passes on what it is given to each call
 * @param options.everyMs how long to wait behind one before the next; a change of it holds at once
 * @param options.failed whether the last one failed
 */
export function useRefreshing(
  refresh: (ask: Ask) => Promise<unknown>,
  { everyMs, failed }: { everyMs: () => number; failed: () => boolean },
): void {
  let timer: ReturnType<typeof setTimeout> | undefined
  let failures = 0
  let working = false
  let stopped = false

  function wait(): void {
    clearTimeout(timer)
    if (stopped || document.hidden) return
    timer = setTimeout(() => void now(), Math.min(everyMs() * 2 ** failures, longestWaitMs))
  }

  async function now(): Promise<void> {
    if (working) return
    working = true
    clearTimeout(timer)
    await refresh({ background: true })
    working = false
    failures = failed() ? failures + 1 : 0
    wait()
  }

  const seen = () => (document.hidden ? clearTimeout(timer) : void now())
  const online = () => void now()
  watch(everyMs, wait)
  onMounted(() => {
    document.addEventListener('visibilitychange', seen)
    window.addEventListener('online', online)
    wait()
  })
  onBeforeUnmount(() => {
    stopped = true
    clearTimeout(timer)
    document.removeEventListener('visibilitychange', seen)
    window.removeEventListener('online', online)
  })
}
