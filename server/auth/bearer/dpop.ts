import { createHash } from 'node:crypto'
import {
  calculateJwkThumbprint,
  compactVerify,
  decodeProtectedHeader,
  EmbeddedJWK,
  errors,
  type JWK,
} from 'jose'
import { z } from 'zod'
import { dpopError } from './dpop.errors'

export { dpopError } from './dpop.errors'

/** What a proof may be signed with: asymmetric ones alone (RFC 9449 section 4.3). */
export const dpopAlgorithms = ['ES256', 'ES384', 'ES512', 'EdDSA', 'Ed25519', 'PS256', 'RS256']
/** Longest proof. */
const maxCharacters = 8_192
/** How old a proof may be, and how far ahead the clock that made it. */
export const dpopSeconds = { old: 60, ahead: 30 }

/** The call that a proof is held against. */
export interface DpopRequest {
  method: string
  /** Where it came to, as the caller knows it: origin and path, without query. */
  uri: string
  /** The access token beside it. */
  token: string
}

/** A proof that holds. */
export interface DpopProof {
  /** Thumbprint of the key (RFC 7638), as a token that is bound to it says. */
  keyThumbprint: string
  jti: string
  /** Seconds since 1970; from then on it is too old. */
  expiresAt: number
}

const Claims = z.looseObject({
  jti: z.string().min(1).max(256),
  htm: z.string(),
  htu: z.string(),
  iat: z.number(),
  ath: z.string(),
})

/**
 * Checks a DPoP proof (RFC 9449 section 4.3), all but that it was not used before and that the token is bound to its key.
 *
 * @param now seconds since 1970
 * @throws AppError of `dpop.errors.ts`
 */
export async function verifyDpop(jws: string, request: DpopRequest, now: number): Promise<DpopProof> {
  const jwk = readKey(jws)
  const claims = await readClaims(jws)
  if (claims.htm !== request.method) throw dpopError('dpop.method_wrong')
  if (plainUri(claims.htu) !== plainUri(request.uri)) throw dpopError('dpop.uri_wrong')
  if (claims.iat + dpopSeconds.old <= now) throw dpopError('dpop.expired')
  if (claims.iat > now + dpopSeconds.ahead) throw dpopError('dpop.not_yet_valid')
  const digest = createHash('sha256').update(request.token, 'ascii').digest('base64url')
  if (claims.ath !== digest) throw dpopError('dpop.token_wrong')
  const keyThumbprint = await calculateJwkThumbprint(jwk)
  return { keyThumbprint, jti: claims.jti, expiresAt: claims.iat + dpopSeconds.old }
}

/** The public key in its header; whether it is one of the algorithm shows with the signature. */
function readKey(jws: string): JWK {
  const header = headerOf(jws)
  const { alg, typ, jwk } = header
  if (typ?.toLowerCase() !== 'dpop+jwt' || !jwk || header.crit !== undefined || header.b64 !== undefined)
    throw dpopError('dpop.malformed', { detail: 'Its header has typ dpop+jwt, alg and jwk.' })
  if (alg === undefined || !dpopAlgorithms.includes(alg)) throw dpopError('dpop.alg_refused')
  if (['d', 'k', 'p', 'q'].some((secret) => Object.hasOwn(jwk, secret)))
    throw dpopError('dpop.malformed', { detail: 'The key in its header is a private one: use it no more.' })
  return jwk
}

function headerOf(jws: string) {
  if (jws.length > maxCharacters) throw dpopError('dpop.malformed')
  try {
    return decodeProtectedHeader(jws)
  } catch (cause) {
    throw dpopError('dpop.malformed', { cause })
  }
}

async function readClaims(jws: string) {
  const payload = await verifiedPayload(jws)
  try {
    return Claims.parse(JSON.parse(new TextDecoder().decode(payload)))
  } catch (cause) {
    throw dpopError('dpop.claims_missing', { cause })
  }
}

async function verifiedPayload(jws: string): Promise<Uint8Array> {
  try {
    return (await compactVerify(jws, EmbeddedJWK, { algorithms: dpopAlgorithms })).payload
  } catch (cause) {
    const isItsFault =
      cause instanceof errors.JOSEError || cause instanceof TypeError || cause instanceof DOMException
    throw isItsFault ? dpopError('dpop.signature_invalid', { cause }) : cause
  }
}

/** Without query and fragment, in the one spelling that URLs have (RFC 3986 section 6.2.2). */
function plainUri(uri: string): string {
  const url = URL.parse(uri)
  if (!url) return ''
  url.search = ''
  url.hash = ''
  return url.href
}
