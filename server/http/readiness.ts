import type { z } from 'zod'
import type { Readiness } from '#shared/contracts/portal'
import type { Container } from '#server/container'

type Check = z.output<typeof Readiness>['checks']['database']

const patienceMilliseconds = 2_000

/** Whether a backend answers in time. Why it does not is for the log, not for whoever asks. */
async function answers(container: Container, backend: string, ping: () => Promise<void>): Promise<Check> {
  let timer: NodeJS.Timeout | undefined
  const tooLong = new Promise<never>((_, reject) => {
    timer = setTimeout(
      () => reject(new Error(`no answer within ${patienceMilliseconds} ms`)),
      patienceMilliseconds,
    )
  })
  try {
    await Promise.race([ping(), tooLong])
    return 'ok'
  } catch (error) {
    container.log.warn({ backend, err: error }, 'a backend is out of reach')
    return 'failed'
  } finally {
    clearTimeout(timer)
  }
}

/** Asks every backend that is configured. A process that drains is not ready, whatever they answer. */
export async function readinessOf(container: Container): Promise<Readiness> {
  const { config, database, cache, vault, reconciler, drain } = container
  const [databaseCheck, cacheCheck, vaultCheck] = await Promise.all([
    answers(container, 'database', () => database.ping()),
    config.redisUrl ? answers(container, 'cache', () => cache.ping()) : ('off' as const),
    answers(container, 'vault', () => vault.ping()),
  ])
  const queue: Check = config.worker === 'off' ? 'off' : reconciler.running ? 'ok' : 'failed'
  const checks = { database: databaseCheck, cache: cacheCheck, vault: vaultCheck, queue }
  const failed = drain.signal.aborted || Object.values(checks).includes('failed')
  return { status: failed ? 'failed' : 'ok', checks }
}
