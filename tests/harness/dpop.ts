import { createHash, randomUUID } from 'node:crypto'
import { calculateJwkThumbprint, exportJWK, generateKeyPair, SignJWT, type CryptoKey, type JWK } from 'jose'

/** What a test says in place of what a good proof says; undefined leaves it out. */
export interface DpopChanges {
  claims?: Record<string, unknown>
  header?: Record<string, unknown>
  /** In place of its own. */
  key?: CryptoKey
}

/** A client's key, with proofs that it is there (RFC 9449). */
export class DpopKey {
  private constructor(
    readonly alg: string,
    readonly privateKey: CryptoKey,
    readonly jwk: JWK,
    readonly thumbprint: string,
    readonly now: () => Date,
  ) {}

  static async make(alg = 'ES256', now = () => new Date()): Promise<DpopKey> {
    const { publicKey, privateKey } = await generateKeyPair(alg, { extractable: true })
    const jwk = await exportJWK(publicKey)
    return new DpopKey(alg, privateKey, jwk, await calculateJwkThumbprint(jwk), now)
  }

  /** @param url with or without its query @param token absent where a token is only asked for */
  prove(method: string, url: string, token?: string, { claims, header, key }: DpopChanges = {}) {
    const said = {
      jti: randomUUID(),
      htm: method,
      htu: url.split('?')[0],
      iat: Math.floor(this.now().getTime() / 1000),
      ...(token !== undefined && { ath: createHash('sha256').update(token).digest('base64url') }),
      ...claims,
    }
    const protectedHeader = { alg: this.alg, typ: 'dpop+jwt', jwk: this.jwk, ...header }
    return new SignJWT(said).setProtectedHeader(protectedHeader).sign(key ?? this.privateKey)
  }
}
