import { exitCodes, type ExitCode } from './exit-codes'

/** Why a command ends without having done what was asked, in words for whoever called it. */
export class Failure extends Error {
  readonly exitCode: ExitCode
  /** Stable: the portal's own, or one of ours as `cli.…`. */
  readonly code: string

  constructor(exitCode: ExitCode, code: string, message: string, options?: ErrorOptions) {
    super(message, options)
    this.name = 'Failure'
    this.exitCode = exitCode
    this.code = code
  }
}

/** The command line is wrong. */
export const misuse = (message: string) => new Failure(exitCodes.usage, 'cli.usage', message)

interface ProblemShape {
  status: number
  title: string
  detail?: string | undefined
  code: string
  errors?: { path: string; message: string }[] | undefined
}

function isProblem(error: unknown): error is ProblemShape {
  return typeof error === 'object' && error !== null && 'code' in error && 'title' in error
}

/** What the portal answered instead of doing it. */
function failureOfAnswer(error: unknown, { status, url }: Response): Failure {
  if (!isProblem(error))
    return new Failure(
      exitCodeOf(status),
      'cli.no_portal',
      `${new URL(url).origin} answered ${status}, and not as a portal does.`,
    )
  const { title, detail, code, errors = [] } = error
  const faults = errors.map(({ path, message }) => (path ? `${path}: ${message}` : message))
  return new Failure(exitCodeOf(status), code, [title, detail, ...faults].filter(Boolean).join(' '))
}

/** @param status HTTP's */
export function exitCodeOf(status: number): ExitCode {
  if (status === 401 || status === 403) return exitCodes.refused
  if (status === 404) return exitCodes.notFound
  if (status === 429 || status >= 500) return exitCodes.unavailable
  return exitCodes.failed
}

interface Answer<Data> {
  data?: Data
  error?: unknown
  response: Response
}

/**
 * What the portal answered to a call.
 *
 * @throws Failure where it refused, or could not be reached
 */
export async function answered<Data>(call: Promise<Answer<Data>>): Promise<Exclude<Data, undefined>> {
  const { data, error, response } = await call.catch((cause: unknown) => {
    throw unreachable(cause)
  })
  if (!response.ok) throw failureOfAnswer(error, response)
  return data as Exclude<Data, undefined>
}

function unreachable(cause: unknown): Failure {
  const inner = cause instanceof Error ? cause.cause : undefined
  const { code = '', message = '' } = (inner ?? cause) as { code?: string; message?: string }
  return new Failure(
    exitCodes.unavailable,
    'cli.unreachable',
    `The portal can't be reached: ${message || code}.`,
    { cause },
  )
}
