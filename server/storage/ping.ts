import { DatabaseUnavailable } from './database.errors'

const patienceMilliseconds = 5_000

/**
 * Waits for a store's answer, for 5 seconds at most.
 *
 * @throws DatabaseUnavailable where it does not come; otherwise what the question itself throws
 */
export async function answerWithin(question: Promise<unknown>): Promise<void> {
  let timer: NodeJS.Timeout | undefined
  const silence = new Promise<never>((_, reject) => {
    timer = setTimeout(
      () => reject(new DatabaseUnavailable('No answer within 5 seconds')),
      patienceMilliseconds,
    )
  })
  try {
    await Promise.race([question, silence])
  } finally {
    clearTimeout(timer)
  }
}
