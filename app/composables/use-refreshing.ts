const longestWaitMs = 60_000

/**
 * Brings what a page shows up to date again and again: one after the other, not while the page is hidden, and at once
 * when somebody looks at it again. Each time that it fails it waits longer.
 *
 * @param refresh never rejects
 * @param options.everyMs how long to wait behind one before the next
 * @param options.failed whether the last one failed
 */
export function useRefreshing(
  refresh: () => Promise<unknown>,
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
    await refresh()
    working = false
    failures = failed() ? failures + 1 : 0
    wait()
  }

  const seen = () => (document.hidden ? clearTimeout(timer) : void now())
  const online = () => void now()
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
