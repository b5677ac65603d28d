import { addSeconds, type Clock } from '#server/lib/clock'
import { AppError } from '#server/lib/errors'
import { sha256 } from '#server/lib/ids'
import type { PlatformScope } from '#server/scope'
import { createMemory } from '../bearer/memory'
import { tooMany, type AttemptKind, type Attempts } from '../sign-in/attempts'

/** What was refused: a sign-in or logout of the OpenID provider, an access token, or a machine's proof. */
export type Refused = 'sign-in' | 'logout' | 'token' | 'proof'

/** Somebody who was refused. */
export interface Refusal {
  refused: Refused
  code: string
  address: string | null
  /** What was sent, of a token or a proof: its hash alone is kept. */
  credential?: string
}

/** Notes refusals, without letting a stranger fill the disk. */
export interface Refusals {
  /**
   * Counts a refusal against its address, and writes a line into the audit where that address and all together have
   * not too many: its code, and nothing that was sent.
   *
   * @returns rate.limited where that address is refused too often; null: it is not
   */
  note(scope: PlatformScope, refusal: Refusal): Promise<AppError | null>
  /** @throws AppError rate.limited, for an address whose tokens are refused too often */
  refuseInsistent(address: string): void
}

/** What each counts as; a failed sign-in at the provider is one like any other. */
const countedAs = { 'sign-in': 'address', logout: 'address', token: 'token', proof: 'token' } as const

/** Counts by all replicas; an address with too many tokens is remembered in the process, and costs no more. */
export function createRefusals(attempts: Pick<Attempts, 'count'>, clock: Clock): Refusals {
  const insistent = createMemory<Date>(clock, 10_000)

  /** What is said to whom it is too much; null for the others. */
  async function limitOf(kind: AttemptKind, who: string): Promise<AppError | null> {
    try {
      await attempts.count(kind, who)
      return null
    } catch (limited) {
      if (limited instanceof AppError) return limited
      throw limited
    }
  }

  return {
    async note(scope, refusal) {
      const { refused } = refusal
      const address = refusal.address ?? 'unknown'
      const isToken = refused === 'token' || refused === 'proof'
      const known = isToken && insistent.get(address)
      if (known) return tooMany(secondsUntil(known, clock))
      const limited = await limitOf(countedAs[refused], address)
      if (limited) {
        const until = addSeconds(clock.now(), limited.retryAfterSeconds ?? 0)
        if (isToken) insistent.set(address, until, until)
        return limited
      }
      if (isToken && (await limitOf('tokenLines', address))) return null
      if (await limitOf('refusalLines', isToken ? 'token' : 'sign-in')) return null
      await scope.transaction((stores) => stores.audit.record(lineOf(refusal)))
      return null
    },

    refuseInsistent(address) {
      const until = insistent.get(address)
      if (until) throw tooMany(secondsUntil(until, clock))
    },
  }
}

const secondsUntil = (moment: Date, clock: Clock) => (moment.getTime() - clock.now().getTime()) / 1000

function lineOf({ refused, code, address, credential = '' }: Refusal) {
  if (refused === 'token' || refused === 'proof')
    return {
      action: `${refused}.refused`,
      // The same token has the same name, and nobody learns the token by it.
      subject: { kind: 'token', id: sha256(credential).slice(0, 16) },
      after: { code, address },
    } as const
  return {
    action: refused === 'logout' ? 'session.logout_refused' : 'user.sign_in_refused',
    subject: { kind: 'portal', id: 'sign-in' },
    after: { code, method: 'oidc' },
  } as const
}

/** Not where the provider or we are out of order, or there is no provider. */
const isRefusal = ({ code, status }: AppError) => code.startsWith('auth.') && status < 500 && status !== 404

/**
 * Notes that a step of a login, or a logout, came to nothing where it is a refusal.
 *
 * @returns what they are told: the error, or that there were too many
 */
export async function noteRefusedLogin(
  scope: PlatformScope,
  refusals: Pick<Refusals, 'note'>,
  error: unknown,
  { address, refused = 'sign-in' }: { address: string | null; refused?: 'sign-in' | 'logout' },
): Promise<unknown> {
  if (!(error instanceof AppError) || !isRefusal(error)) return error
  return (await refusals.note(scope, { refused, code: error.code, address })) ?? error
}
