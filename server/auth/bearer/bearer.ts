import { addSeconds, type Clock } from '#server/lib/clock'
import { sha256 } from '#server/lib/ids'
import type { Provider } from '../provider/provider'
import {
  checkClaims,
  looksLikeJwt,
  readToken,
  verifySignature,
  type ReadToken,
  type VerifiedToken,
} from './access-token'
import { bearerError } from './bearer.errors'
import { createIntrospect } from './introspection'
import { createMemory } from './memory'

export type { VerifiedToken } from './access-token'
export { bearerError } from './bearer.errors'

/** Longest access token. */
export const tokenMaxCharacters = 16_000

/** How long a token whose signature was found right is not read again. What it says is checked each time. */
const signatureSeconds = 60

/** Access tokens of the trusted issuer, as a way to say who is calling. */
export interface Bearer {
  /**
   * Finds out for whom a token stands: a JWT by its signature and claims (RFC 9068, RFC 8725), any other by asking the
   * provider (RFC 7662), where that is allowed.
   *
   * @param boundTo thumbprint of the key that was proved beside it (RFC 9449); default: it came as a plain bearer
   * @param beforeAsking may refuse, by throwing, that the provider is asked about it
   * @throws AppError of `bearer.errors.ts`; auth.provider_unavailable (503)
   */
  verify(token: string, beforeAsking: () => void, boundTo?: string): Promise<VerifiedToken>
}

export function createBearer(provider: Pick<Provider, 'trust' | 'metadata' | 'keys'>, clock: Clock): Bearer {
  const signedWell = createMemory<ReadToken>(clock, 1000)
  const introspect = createIntrospect(provider, clock)
  return {
    async verify(token, beforeAsking, boundTo) {
      if (token.length > tokenMaxCharacters) throw bearerError('auth.token_too_large')
      const trust = await provider.trust()
      if (!trust) throw bearerError('auth.token_issuer')
      const { issuer, audiences } = trust
      const expected = { issuer, audiences, now: clock.now(), boundTo: boundTo ?? null }
      const key = sha256(`${issuer} ${token}`)
      const signed = signedWell.get(key)
      if (signed) return checkClaims(signed, expected)
      if (!looksLikeJwt(token)) {
        if (!trust.introspection) throw bearerError('auth.token_invalid')
        return introspect(token, trust, { beforeAsking, boundTo: boundTo ?? null })
      }
      const read = readToken(token)
      const verified = checkClaims(read, expected)
      await verifySignature(token, provider.keys)
      signedWell.set(key, read, addSeconds(clock.now(), signatureSeconds))
      return verified
    },
  }
}
