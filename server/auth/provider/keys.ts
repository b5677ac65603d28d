import { createLocalJWKSet, errors, type JSONWebKeySet, type JWTVerifyGetKey } from 'jose'
import type { Clock } from '#server/lib/clock'
import { IntegrationError } from '#server/lib/errors'
import { fetchJson } from './fetch-json'
import { keep } from './kept'

/** New keys are found with the first token that they signed; a stranger's `kid` costs a fetch in 5 seconds at most. */
const limits = { freshSeconds: 600, pauseSeconds: 5 }

/** The provider's signing keys, as jose asks for them; kept, and still used while the provider is away. */
export function createKeys(jwksUri: string, clock: Clock): JWTVerifyGetKey {
  const keys = keep(async () => parseKeys(await fetchJson(jwksUri)), clock, limits)
  return async (header, token) => {
    const known = await keys.get()
    try {
      return await known(header, token)
    } catch (error) {
      if (!(error instanceof errors.JWKSNoMatchingKey)) throw error
      const renewed = await keys.renew()
      if (renewed === known) throw error
      return renewed(header, token)
    }
  }
}

function parseKeys(answer: unknown) {
  try {
    // It checks the shape itself.
    return createLocalJWKSet(answer as JSONWebKeySet)
  } catch (cause) {
    const message = 'Its keys are no JSON Web Key Set.'
    throw new IntegrationError({ service: 'oidc', kind: 'contract', message, cause })
  }
}
