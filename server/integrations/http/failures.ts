import type { z } from 'zod'
import { IntegrationError, type IntegrationFailure } from '#server/lib/errors'
import { oneLine, withoutSecrets } from './words'

/** The longest message: what people and things are called, which they choose themselves, is in it. */
const messageLimit = 1000

type Failure = ConstructorParameters<typeof IntegrationError>[0]

/** Who failed. */
export interface Failing {
  /** As the engine knows it, such as `stalwart`. */
  readonly service: string
  /** As people know it, such as `Stalwart`; it begins sentences. */
  readonly name: string
}

/** A refusal, with what of it a caller can act on. */
export class RefusedError extends IntegrationError {
  /** Of HTTP; 200 where the refusal came inside of an answer. */
  readonly status: number
  /** The service's own name for it. */
  readonly code: string | undefined
  /** Which fields of what was sent it found at fault. */
  readonly fields: readonly string[]

  constructor(
    failure: Failure,
    refusal: { status: number; code?: string | undefined; fields?: readonly string[] },
  ) {
    super({ ...failure, message: oneLine(failure.message, messageLimit) })
    this.status = refusal.status
    this.code = refusal.code
    this.fields = refusal.fields ?? []
  }
}

/** Makes the failures of one service. None has a cause, which could hold a token or an address. */
export function failuresOf({ service, name }: Failing) {
  function failed(
    kind: IntegrationFailure,
    message: string,
    options: { retryable?: boolean } = {},
  ): IntegrationError {
    return new IntegrationError({ service, kind, message: oneLine(message, messageLimit), ...options })
  }

  /** Of an answer that does not fit; `what` completes `… and answered with …`. */
  const misfit = (purpose: string, what: string) =>
    failed('contract', `${name} was asked to ${purpose} and answered with ${what}`)

  return {
    failed,
    misfit,

    /**
     * Holds what was answered against its schema.
     *
     * @param where shown in brackets, such as the status or the method
     * @throws IntegrationError `contract`, naming the first place that does not fit
     */
    fit<Schema extends z.ZodType>(
      purpose: string,
      value: unknown,
      schema: Schema,
      where: string,
      secrets: readonly string[] = [],
    ): z.output<Schema> {
      const parsed = schema.safeParse(value)
      if (parsed.success) return parsed.data
      // Keys of records are the upstream's words too.
      const path = withoutSecrets(parsed.error.issues[0]?.path.join('.') ?? '', secrets)
        .replace(/[^\w.@:/-]/g, '')
        .slice(0, 100)
      throw misfit(purpose, `a body that does not fit its schema${path ? ` at ${path}` : ''} (${where})`)
    },

    silent: (purpose: string, timeoutMs: number) =>
      failed('timeout', `${name} was silent for ${timeoutMs / 1000} s when asked to ${purpose}`),

    /** Of a call that got no whole answer. */
    lost(purpose: string, error: unknown): IntegrationError {
      const code = codeOf(error)
      const reason = code ? `${reasonOf(code)} (${code})` : 'the connection failed'
      return failed('unreachable', `${name} could not be asked to ${purpose}: ${reason}`)
    },
  }
}

function codeOf(error: unknown): string | undefined {
  for (let link = error, depth = 0; link instanceof Error && depth < 5; link = link.cause, depth++) {
    if ('code' in link && typeof link.code === 'string' && /^[A-Z][A-Z0-9_]+$/.test(link.code))
      return link.code
  }
  return undefined
}

function reasonOf(code: string): string {
  if (code === 'ECONNREFUSED') return 'nothing listens at its address'
  if (code === 'ENOTFOUND' || code === 'EAI_AGAIN') return 'its host name does not resolve'
  if (code === 'ADDRESS_NOT_PUBLIC') return 'its address is not a public one, and is not asked'
  if (code === 'ECONNRESET' || code === 'EPIPE' || code === 'UND_ERR_SOCKET') return 'the connection was cut'
  if (code === 'ETIMEDOUT' || code === 'UND_ERR_CONNECT_TIMEOUT') return 'connecting took too long'
  if (/CERT|TLS|SSL|SIGNATURE/.test(code)) return 'its certificate is not trusted'
  return 'the connection failed'
}
