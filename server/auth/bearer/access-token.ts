import {
  compactVerify,
  decodeJwt,
  decodeProtectedHeader,
  errors,
  type JWTVerifyGetKey,
  type ProtectedHeaderParameters,
} from 'jose'
import { z } from 'zod'
import { signatureAlgorithms, toleranceSeconds } from '../provider/id-token'
import { bearerError } from './bearer.errors'
import { refuseOtherTokens } from './token-type'

/** Somebody for whom the trusted issuer vouches, by what a token says. */
export interface VerifiedToken {
  issuer: string
  subject: string
  /** Seconds since 1970. */
  expiresAt: number
  /** All that it says. */
  claims: Readonly<Record<string, unknown>>
}

export interface TokenExpectation {
  issuer: string
  /** Of which it must name one. */
  audiences: readonly string[]
  /** Thumbprint of the key that was proved beside it; null: it came as a plain bearer. */
  boundTo: string | null
  now: Date
}

/** What is required of an access token (RFC 9068 section 2.2), as far as providers really say it. */
const AccessClaims = z.looseObject({
  iss: z.string(),
  sub: z.string().min(1).max(255),
  aud: z.union([z.string(), z.array(z.string())]),
  exp: z.number(),
  iat: z.number(),
  nbf: z.number().optional(),
})

/** Whether a text has the form of a JWT: such a one is checked by its signature, and never sent to anybody. */
export function looksLikeJwt(token: string): boolean {
  try {
    return typeof decodeProtectedHeader(token).alg === 'string'
  } catch {
    return false
  }
}

/** A JWT that was read, of which nothing is proved. */
export interface ReadToken {
  header: ProtectedHeaderParameters
  claims: z.output<typeof AccessClaims>
}

/**
 * Reads a JWT: its form, its algorithm and the claims that it needs. The same token always reads the same.
 *
 * @throws AppError auth.token_invalid
 */
export function readToken(token: string): ReadToken {
  const { header, payload } = decode(token)
  const isSigned = header.alg !== undefined && signatureAlgorithms.includes(header.alg)
  if (!isSigned || header.crit !== undefined || header.b64 !== undefined)
    throw bearerError('auth.token_invalid')
  const parsed = AccessClaims.safeParse(payload)
  if (!parsed.success) {
    const missing = [...new Set(parsed.error.issues.map(({ path }) => path[0]))].join(', ')
    throw bearerError('auth.token_invalid', {
      detail: `It needs these claims, in their own form: ${missing}.`,
    })
  }
  return { header, claims: parsed.data }
}

/**
 * Checks what a token says against what is expected now: issuer, type, audience and times. Nothing of it is proved
 * before `verifySignature`; it comes first, since it costs nothing and asks nobody.
 *
 * @throws AppError auth.token_issuer, auth.token_type, auth.token_bound, auth.token_unbound, auth.token_audience, auth.token_expired,
 *   auth.token_not_yet_valid
 */
export function checkClaims({ header, claims }: ReadToken, expected: TokenExpectation): VerifiedToken {
  if (claims.iss !== expected.issuer) throw bearerError('auth.token_issuer')
  refuseOtherTokens(header, claims, expected.boundTo)
  refuseOtherAudiences([claims.aud].flat(), expected.audiences)
  refuseOtherTimes(claims, expected.now)
  return { issuer: claims.iss, subject: claims.sub, expiresAt: claims.exp, claims }
}

function decode(token: string) {
  try {
    return { header: decodeProtectedHeader(token), payload: decodeJwt(token) }
  } catch (cause) {
    throw bearerError('auth.token_invalid', { cause })
  }
}

/** @throws AppError auth.token_audience */
export function refuseOtherAudiences(named: readonly string[], audiences: readonly string[]): void {
  if (!named.some((name) => audiences.includes(name))) throw bearerError('auth.token_audience')
}

/** @throws AppError auth.token_expired, auth.token_not_yet_valid */
export function refuseOtherTimes(
  { exp, iat, nbf }: { exp: number; iat?: number | undefined; nbf?: number | undefined },
  now: Date,
): void {
  const seconds = now.getTime() / 1000
  if (exp + toleranceSeconds <= seconds) throw bearerError('auth.token_expired')
  const starts = Math.max(nbf ?? 0, iat ?? 0)
  if (starts - toleranceSeconds > seconds) throw bearerError('auth.token_not_yet_valid')
}

/**
 * Checks a JWT's signature by the issuer's keys.
 *
 * @throws AppError auth.token_invalid; what `keys` throws beside jose's own errors
 */
export async function verifySignature(token: string, keys: JWTVerifyGetKey): Promise<void> {
  try {
    await compactVerify(token, keys, { algorithms: signatureAlgorithms })
  } catch (cause) {
    if (cause instanceof errors.JOSEError || cause instanceof TypeError)
      throw bearerError('auth.token_invalid', { cause })
    throw cause
  }
}
