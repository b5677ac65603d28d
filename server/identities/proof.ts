import { createHash, verify } from 'node:crypto'
import { z } from 'zod'
import { createDidKeys } from './did'
import { proofError } from './proof.errors'

export { proofError } from './proof.errors'

/** Longest proof: room for a long query, far below what a server takes as headers. */
export const proofMaxCharacters = 8_192
/** From `iat` to `exp`. */
export const proofLifeSeconds = 60
/** How far ahead of ours a machine's clock may be. */
export const aheadSeconds = 30

/** The request that a proof is held against. */
export interface ProvenRequest {
  method: string
  /** Path with query, as the request line has it. */
  target: string
  /** The raw bytes of the body; asked for once everything before it holds. */
  body(): Promise<Uint8Array>
}

/** What a proof says that holds. Nothing is known yet of the identity, nor whether it was used before. */
export interface Proof {
  did: string
  /** The handle that it is signed in the name of. */
  handle: string
  jti: string
  /** Seconds since 1970. */
  expiresAt: number
}

export interface Proofs {
  /**
   * Checks a proof, a compact JWS, all but its identity and its replay; in this order, each failure with its code:
   * form and algorithm, key, signature, audience, times, method, path, body, subject and id.
   *
   * @throws AppError of `proof.errors.ts`; what `body` throws
   */
  verify(jws: string, request: ProvenRequest): Promise<Proof>
}

const form = /^([\w-]{2,512})\.([\w-]+)\.([\w-]{86})$/
const Fields = z.record(z.string(), z.unknown())
const Jti = z.uuid()
const emptyDigest = createHash('sha256').digest('hex')

/** @param audience the portal's public origin */
export function createProofs(audience: string, clock: { now(): Date }): Proofs {
  const keys = createDidKeys()
  return {
    async verify(jws, request) {
      const [signed, signature, header, claims] = parse(jws)
      checkHeader(header)
      const { iss: did } = claims
      const key = typeof did === 'string' ? keys.find(did) : null
      if (typeof did !== 'string' || !key) throw proofError('pop.key_invalid')
      if (!verify(null, signed, key, signature)) throw proofError('pop.signature_invalid')
      if (claims.aud !== audience) throw proofError('pop.audience_wrong')
      const expiresAt = checkTimes(claims, clock.now().getTime() / 1000)
      if (claims.htm !== request.method) throw proofError('pop.method_wrong')
      if (claims.htu !== request.target) throw proofError('pop.path_wrong')
      if (claims.body_sha256 !== digestOf(await request.body())) throw proofError('pop.body_changed')
      const { sub: handle, jti } = claims
      if (typeof handle !== 'string' || handle === '') throw missing('sub')
      if (typeof jti !== 'string' || !Jti.safeParse(jti).success) throw missing('jti, a UUID')
      return { did, handle, jti: jti.toLowerCase(), expiresAt }
    },
  }
}

type Claims = Readonly<Record<string, unknown>>

function parse(jws: string): [signed: Buffer, signature: Buffer, header: Claims, claims: Claims] {
  const [whole, header = '', payload = '', signature = ''] =
    jws.length > proofMaxCharacters ? [] : (form.exec(jws) ?? [])
  if (whole === undefined) throw proofError('pop.malformed')
  const signed = Buffer.from(`${header}.${payload}`, 'latin1')
  return [signed, Buffer.from(signature, 'base64url'), fieldsOf(header), fieldsOf(payload)]
}

function fieldsOf(part: string): Claims {
  try {
    return Fields.parse(JSON.parse(Buffer.from(part, 'base64url').toString('utf8')))
  } catch {
    throw proofError('pop.malformed')
  }
}

/** What names another key, or asks for what we do not know (RFC 7515 section 4.1), is refused with all that is not ours. */
function checkHeader({ alg, typ, ...others }: Claims): void {
  if (alg !== 'EdDSA') throw proofError('pop.alg_refused')
  const strange = Object.keys(others)[0]
  if (strange !== undefined || (typ !== undefined && typ !== 'JWT' && typ !== 'pop+jwt'))
    throw proofError('pop.malformed', { detail: 'Its header has alg, and typ JWT or pop+jwt at most.' })
}

function checkTimes({ exp, iat }: Claims, now: number): number {
  if (typeof exp !== 'number') throw missing('exp')
  if (exp <= now) throw proofError('pop.expired')
  if (typeof iat !== 'number') throw missing('iat')
  if (exp - iat > proofLifeSeconds) throw proofError('pop.life_too_long')
  if (iat > now + aheadSeconds) throw proofError('pop.not_yet_valid')
  return exp
}

const missing = (claim: string) => proofError('pop.claims_missing', { detail: `It needs ${claim}.` })

const digestOf = (body: Uint8Array) =>
  body.length === 0 ? emptyDigest : createHash('sha256').update(body).digest('hex')
