import { addSeconds, type Clock } from '#server/lib/clock'
import { sha256 } from '#server/lib/ids'
import type { Provider } from '../provider/provider'
import { checkClaims, looksLikeJwt, verifySignature, type VerifiedToken } from './access-token'
import { bearerError } from './bearer.errors'
import { createIntrospect } from './introspection'
import { createMemory } from './memory'

export type { VerifiedToken } from './access-token'
export { bearerError } from './bearer.errors'

/** Longest access token. */
export const tokenMaxCharacters = 16_000

/** How long a signature that was found right is not computed again. Everything else is looked at each time. */
const signatureSeconds = 60

/** Access tokens of the trusted issuer, as a way to say who is calling. */
export interface Bearer {
  /**
   * Finds out for whom a token stands: a JWT by its signature and claims (RFC 9068, RFC 8725), any other by asking the
   * provider (RFC 7662), where that is allowed.
   *
   * @param beforeAsking may refuse, by throwing, that the provider is asked about it
   * @throws AppError of `bearer.errors.ts`; auth.provider_unavailable (503)
   */
  verify(token: string, beforeAsking: () => void): Promise<VerifiedToken>
}

export function createBearer(
  provider: Pick<Provider, 'settings' | 'metadata' | 'keys'>,
  clock: Clock,
): Bearer {
  const signedWell = createMemory<true>(clock, 1000)
  const introspect = createIntrospect(provider, clock)
  return {
    async verify(token, beforeAsking) {
      if (token.length > tokenMaxCharacters) throw bearerError('auth.token_too_large')
      const settings = await provider.settings()
      if (!settings) throw bearerError('auth.token_issuer')
      if (!looksLikeJwt(token)) {
        if (!settings.introspection) throw bearerError('auth.token_invalid')
        return introspect(token, settings, beforeAsking)
      }
      const { issuer, audiences } = settings
      const verified = checkClaims(token, { issuer, audiences, now: clock.now() })
      const key = sha256(`${issuer} ${token}`)
      if (!signedWell.get(key)) {
        await verifySignature(token, provider.keys)
        signedWell.set(key, true, addSeconds(clock.now(), signatureSeconds))
      }
      return verified
    },
  }
}
