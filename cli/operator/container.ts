import { ConfigError, loadConfig, type Config } from '#server/config/config'
import { createContainer, type Container } from '#server/container'
import { AppError } from '#server/lib/errors'
import { createLog, type Log } from '#server/lib/log'
import { isDatabaseUnavailable } from '#server/storage/database.errors'
import { exitCodes } from '../exit-codes'
import { exitCodeOf, Failure } from '../failure'
import type { World } from '../world'

/** Where an operator's command runs, for help. */
export const aboutOperators =
  'For operators: works on the database itself, with the configuration of the server. Run it where the server runs, with\n' +
  'the same environment, such as `docker exec`; the server may go on serving. In a checkout: with the environment that\n' +
  '`npm start` is given.'

/** The configuration of the server, out of the environment. @throws Failure with all of its faults */
export function configOf({ env }: World): Config {
  try {
    return loadConfig(env)
  } catch (error) {
    if (!(error instanceof ConfigError)) throw error
    throw new Failure(exitCodes.failed, 'cli.config_invalid', error.message, { cause: error })
  }
}

/** What the server's code says while it works: to stderr, and only what is wrong. */
export const quietLog = ({ stderr }: World): Log => createLog('warn', { write: (line) => stderr.write(line) })

/**
 * Works with everything that the server has, without serving or reconciling, and closes it.
 *
 * @param config default: that of the environment
 * @throws Failure in words for an operator
 */
export async function withContainer<Result>(
  world: World,
  work: (container: Container) => Promise<Result>,
  config = configOf(world),
): Promise<Result> {
  return inWords(async () => {
    const container = await createContainer(config, { log: quietLog(world), openKeyring: world.openKeyring })
    try {
      return await work(container)
    } finally {
      await container.close()
    }
  })
}

/** Does something with the server's code. @throws Failure in place of what that throws */
export async function inWords<Result>(work: () => Promise<Result>): Promise<Result> {
  try {
    return await work()
  } catch (error) {
    throw failureOf(error)
  }
}

function failureOf(error: unknown): unknown {
  if (error instanceof AppError) {
    const { status, code, title, detail, faults = [] } = error
    const words = [title, detail, ...faults.map(({ message }) => message)].filter(Boolean).join(' ')
    return new Failure(exitCodeOf(status), code, words, { cause: error })
  }
  const cause = error instanceof Error ? error.cause : undefined
  if (!isDatabaseUnavailable(error) && !isDatabaseUnavailable(cause)) return error
  const words = isDatabaseUnavailable(error) ? 'The database is out of reach.' : (error as Error).message
  return new Failure(exitCodes.unavailable, 'database.unavailable', words, { cause: error })
}
