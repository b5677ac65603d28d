import { SignJWT } from 'jose'
import { sha256, type MachineKey } from './machine-key'

/** In whose name a request is signed, and for which portal. */
export interface Signer {
  readonly handle: string
  readonly key: MachineKey
  /** The portal's public origin, as its PUBLIC_URL says. */
  readonly audience: string
}

/** What of a request is signed. */
export interface RequestToSign {
  /** Upper case. */
  readonly method: string
  /** Path with query, exactly as they are sent. */
  readonly target: string
  /** Exactly the bytes that are sent; none where there is no body. */
  readonly body: Uint8Array<ArrayBuffer>
}

/** As long as a proof may be good for. */
const lifeSeconds = 60

/**
 * A proof that its maker has the key: a compact JWS over one request. It is good once, for a minute.
 *
 * @returns what follows `PoP ` in the header Authorization
 */
export async function signRequest(
  { handle, key, audience }: Signer,
  { method, target, body }: RequestToSign,
  now = Math.floor(Date.now() / 1000),
): Promise<string> {
  return new SignJWT({ htm: method, htu: target, body_sha256: await sha256(body) })
    .setProtectedHeader({ alg: 'EdDSA' })
    .setIssuer(key.did)
    .setSubject(handle)
    .setAudience(audience)
    .setIssuedAt(now)
    .setExpirationTime(now + lifeSeconds)
    .setJti(crypto.randomUUID())
    .sign(key.privateKey)
}
