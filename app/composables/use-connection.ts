const firstWaitMs = 1_000
const longestWaitMs = 15_000
const answerMs = 5_000

/** One question goes on at a time, whoever suspects. In a browser alone. */
let asking = false

/** Whether the portal answers at all. Where it does not it is asked again and again, until it does. */
export function useConnection() {
  const lost = useState('connection-lost', () => false)

  return {
    /** It did not answer when it was last asked. */
    lost: readonly(lost),
    /** To be called where no answer came: finds out whether that was the call, or is the portal. */
    async suspect(): Promise<void> {
      if (import.meta.server || asking) return
      asking = true
      for (let waitMs = firstWaitMs; !(await answers()); waitMs = Math.min(waitMs * 2, longestWaitMs)) {
        lost.value = true
        await pause(waitMs)
      }
      lost.value = false
      asking = false
    },
    /** Calls back each time that the portal answers again. To be called by what is set up with a component. */
    onBack(then: () => void): void {
      watch(lost, (isLost) => isLost || then())
    },
  }
}

async function answers(): Promise<boolean> {
  try {
    const signal = AbortSignal.timeout(answerMs)
    return (await fetch('/health', { cache: 'no-store', credentials: 'omit', signal })).ok
  } catch {
    return false
  }
}

/** @returns a promise for the time that has passed, or for the network that is back before */
function pause(ms: number): Promise<void> {
  return new Promise((resolve) => {
    const end = () => {
      clearTimeout(timer)
      window.removeEventListener('online', end)
      resolve()
    }
    const timer = setTimeout(end, ms)
    window.addEventListener('online', end)
  })
}
