import { z } from 'zod'
import { addSeconds, type Clock } from '#server/lib/clock'
import type { AppError } from '#server/lib/errors'
import { IntegrationError } from '#server/lib/errors'
import { sha256 } from '#server/lib/ids'
import { fetchJson } from '../provider/fetch-json'
import { providerError, type Provider, type ProviderTrust } from '../provider/provider'
import { refuseOtherAudiences, refuseOtherTimes, type VerifiedToken } from './access-token'
import { bearerError } from './bearer.errors'
import { createMemory } from './memory'
import { refuseOtherBinding } from './token-type'

/** How long an answer holds: a token that is revoked at the provider goes on so long. */
export const introspectionSeconds = 10

/** Questions that may be under way at once: a stranger's tokens must not become a flood at the provider. */
const mostUnderWay = 32

/** What is read of an answer (RFC 7662 section 2.2). */
const Introspection = z.looseObject({
  active: z.boolean(),
  iss: z.string().optional(),
  sub: z.string().min(1).max(255).optional(),
  aud: z.union([z.string(), z.array(z.string())]).optional(),
  client_id: z.string().optional(),
  exp: z.number().optional(),
  iat: z.number().optional(),
  nbf: z.number().optional(),
  token_type: z.string().optional(),
  typ: z.string().optional(),
  cnf: z.unknown().optional(),
})
type Introspection = z.output<typeof Introspection>

export interface Introspect {
  /**
   * Asks the provider what an opaque token stands for; answers of both kinds are kept for 10 seconds, and never
   * beyond the token's end.
   *
   * @param means.boundTo thumbprint of the key that was proved beside it; null: it came as a plain bearer
   * @param means.beforeAsking may refuse to ask, by throwing
   * @throws AppError as `checkClaims`, auth.token_inactive, auth.provider_unavailable
   */
  (
    token: string,
    settings: ProviderTrust,
    means: { beforeAsking: () => void; boundTo: string | null },
  ): Promise<VerifiedToken>
}

export function createIntrospect(provider: Pick<Provider, 'metadata'>, clock: Clock): Introspect {
  const answers = createMemory<Introspection>(clock, 1000)
  const underWay = new Map<string, Promise<Introspection>>()

  async function ask(token: string, settings: ProviderTrust): Promise<Introspection> {
    const { introspection_endpoint: endpoint } = await provider.metadata()
    if (!endpoint) throw unavailable(new Error('The provider names no introspection endpoint'))
    try {
      return parse(
        await fetchJson(endpoint, {
          method: 'POST',
          headers: {
            authorization: basic(settings),
            'content-type': 'application/x-www-form-urlencoded',
          },
          body: new URLSearchParams({ token, token_type_hint: 'access_token' }).toString(),
        }),
      )
    } catch (cause) {
      throw cause instanceof IntegrationError ? unavailable(cause) : cause
    }
  }

  return async (token, settings, { beforeAsking, boundTo }) => {
    const expected = { ...settings, boundTo, now: clock.now() }
    const key = sha256(`${settings.issuer} ${settings.clientId} ${token}`)
    const known = answers.get(key)
    if (known) return check(known, expected)
    let asking = underWay.get(key)
    if (!asking) {
      beforeAsking()
      if (underWay.size >= mostUnderWay) throw unavailable(new Error('Too many tokens are being asked about'))
      asking = ask(token, settings).finally(() => underWay.delete(key))
      underWay.set(key, asking)
    }
    const answer = await asking
    answers.set(key, answer, addSeconds(clock.now(), introspectionSeconds))
    return check(answer, { ...expected, now: clock.now() })
  }
}

const unavailable = (cause: Error): AppError =>
  providerError('auth.provider_unavailable', { cause, retryAfterSeconds: 5 })

function parse(answer: unknown): Introspection {
  const parsed = Introspection.safeParse(answer)
  if (parsed.success) return parsed.data
  const message = 'Its answer about a token has another form than RFC 7662 gives it.'
  throw new IntegrationError({ service: 'oidc', kind: 'contract', message })
}

/** RFC 6749 section 2.3.1. */
function basic({ clientId, clientSecret }: ProviderTrust): string {
  const encode = (text: string) => new URLSearchParams({ '': text }).toString().slice(1)
  return `Basic ${Buffer.from(`${encode(clientId)}:${encode(clientSecret)}`).toString('base64')}`
}

type Expected = ProviderTrust & { boundTo: string | null; now: Date }

function check(answer: Introspection, { issuer, audiences, boundTo, now }: Expected): VerifiedToken {
  if (!answer.active) throw bearerError('auth.token_inactive')
  const { iss, sub, aud, client_id: clientId, exp } = answer
  if (iss !== undefined && iss !== issuer) throw bearerError('auth.token_issuer')
  refuseOtherBinding(answer.cnf ?? undefined, boundTo)
  // A refresh token is active too, and says nothing of its type, or another.
  const type = (answer.token_type ?? answer.typ)?.toLowerCase()
  if (type !== (boundTo === null ? 'bearer' : 'dpop') || sub === undefined || sub === clientId)
    throw bearerError('auth.token_type')
  refuseOtherAudiences(aud === undefined ? [clientId].flatMap((id) => id ?? []) : [aud].flat(), audiences)
  if (exp === undefined) throw bearerError('auth.token_invalid', { detail: 'It has no end.' })
  refuseOtherTimes({ ...answer, exp }, now)
  return { issuer, subject: sub, expiresAt: exp, claims: answer }
}
