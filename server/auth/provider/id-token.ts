import { jwtVerify, type JWTPayload, type JWTVerifyGetKey } from 'jose'
import type { Clock } from '#server/lib/clock'
import { AppError } from '#server/lib/errors'
import { providerError } from './provider.errors'

/** Asymmetric ones alone: with a symmetric one, whoever knows the public key could sign (RFC 8725 section 2.1). */
export const signatureAlgorithms = [
  ...['RS256', 'RS384', 'RS512', 'PS256', 'PS384', 'PS512'],
  ...['ES256', 'ES384', 'ES512', 'EdDSA', 'Ed25519'],
]

/** How far a clock may be off. */
export const toleranceSeconds = 30

/** An ID token is made when the code is exchanged. */
const oldestSeconds = 600

export interface IdTokenClaims extends JWTPayload {
  sub: string
  sid?: string
}

/** What an ID token is checked against. */
export interface IdTokenExpectation {
  issuer: string
  clientId: string
  /** The one that this very login was begun with. */
  nonce: string
  keys: JWTVerifyGetKey
  clock: Clock
}

/**
 * Checks an ID token (OpenID Connect Core 1.0 section 3.1.3.7): signature by a key of the provider, issuer, audience,
 * authorized party, times and nonce.
 *
 * @throws AppError auth.id_token_refused; what was wrong is its cause, for the log
 */
export async function verifyIdToken(token: string, expected: IdTokenExpectation): Promise<IdTokenClaims> {
  const { issuer, clientId, nonce, keys, clock } = expected
  try {
    const { payload } = await jwtVerify<IdTokenClaims>(token, keys, {
      issuer,
      audience: clientId,
      algorithms: signatureAlgorithms,
      clockTolerance: toleranceSeconds,
      currentDate: clock.now(),
      maxTokenAge: oldestSeconds,
      requiredClaims: ['sub', 'exp', 'iat', 'nonce'],
    })
    if (payload.nonce !== nonce) throw new Error('the nonce is not that of this login')
    const audiences = [payload.aud].flat()
    if ((audiences.length > 1 || payload.azp !== undefined) && payload.azp !== clientId)
      throw new Error('the authorized party is another client')
    if (typeof payload.sub !== 'string' || !payload.sub || payload.sub.length > 255)
      throw new Error('the subject is no text of 1 to 255 characters')
    return payload
  } catch (cause) {
    if (cause instanceof AppError) throw cause
    throw providerError('auth.id_token_refused', { cause })
  }
}
