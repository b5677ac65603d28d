import { createHash, createSign, generateKeyPairSync, randomBytes, type KeyObject } from 'node:crypto'

/** What a server asks `navigator.credentials` for, as JSON. */
export interface CeremonyOptions {
  challenge: string
  rp?: { id: string }
  rpId?: string
  user?: { id: string }
}

/** What a test makes an answer say. */
export interface AnswerOverrides {
  origin?: string
  rpId?: string
  challenge?: string
  counter?: number
  userVerified?: boolean
  userHandle?: string
}

/** An authenticator in software that can also say what an honest one would not. ES256 alone. */
export class Authenticator {
  readonly id = randomBytes(32).toString('base64url')
  readonly #key: KeyObject
  readonly #publicKey: KeyObject
  #userHandle: string | undefined
  counter = 0

  constructor(readonly origin: string) {
    const { privateKey, publicKey } = generateKeyPairSync('ec', { namedCurve: 'P-256' })
    this.#key = privateKey
    this.#publicKey = publicKey
  }

  /** RegistrationResponseJSON, without attestation. */
  register(options: CeremonyOptions, overrides: AnswerOverrides = {}) {
    this.#userHandle = options.user?.id
    const { x = '', y = '' } = this.#publicKey.export({ format: 'jwk' })
    const coseKey = Buffer.concat([
      // {1: 2 (EC2), 3: -7 (ES256), -1: 1 (P-256), -2: x, -3: y}
      Buffer.from([0xa5, 0x01, 0x02, 0x03, 0x26, 0x20, 0x01, 0x21, 0x58, 0x20]),
      Buffer.from(x, 'base64url'),
      Buffer.from([0x22, 0x58, 0x20]),
      Buffer.from(y, 'base64url'),
    ])
    const id = Buffer.from(this.id, 'base64url')
    const attested = Buffer.concat([Buffer.alloc(16), Buffer.from([0, id.length]), id, coseKey])
    const authData = this.#authData(overrides.rpId ?? options.rp?.id ?? '', 0x40, overrides, attested)
    const attestationObject = Buffer.concat([
      // {"fmt": "none", "attStmt": {}, "authData": bytes}
      Buffer.from('a363666d74646e6f6e656761747453746d74a068617574684461746159', 'hex'),
      Buffer.from([authData.length >> 8, authData.length & 0xff]),
      authData,
    ])
    return this.#answer({
      clientDataJSON: this.#clientData('webauthn.create', options, overrides).toString('base64url'),
      attestationObject: attestationObject.toString('base64url'),
      transports: ['internal'],
    })
  }

  /** AuthenticationResponseJSON; each use raises the counter. */
  sign(options: CeremonyOptions, overrides: AnswerOverrides = {}) {
    this.counter += 1
    const authData = this.#authData(overrides.rpId ?? options.rpId ?? '', 0, overrides)
    const clientData = this.#clientData('webauthn.get', options, overrides)
    const signed = Buffer.concat([authData, createHash('sha256').update(clientData).digest()])
    const userHandle = overrides.userHandle ?? this.#userHandle
    return this.#answer({
      clientDataJSON: clientData.toString('base64url'),
      authenticatorData: authData.toString('base64url'),
      signature: createSign('sha256').update(signed).sign(this.#key).toString('base64url'),
      ...(userHandle !== undefined && { userHandle }),
    })
  }

  #answer<Response>(response: Response) {
    const type = 'public-key' as const
    return { id: this.id, rawId: this.id, type, clientExtensionResults: {}, response }
  }

  #clientData(type: string, options: CeremonyOptions, overrides: AnswerOverrides) {
    const challenge = overrides.challenge ?? options.challenge
    return Buffer.from(JSON.stringify({ type, challenge, origin: overrides.origin ?? this.origin }))
  }

  #authData(rpId: string, flags: number, overrides: AnswerOverrides, attested = Buffer.alloc(0)) {
    const userVerified = overrides.userVerified ?? true
    const counter = Buffer.alloc(4)
    counter.writeUInt32BE(overrides.counter ?? this.counter)
    return Buffer.concat([
      createHash('sha256').update(rpId).digest(),
      Buffer.from([flags | 0x01 | (userVerified ? 0x04 : 0)]),
      counter,
      attested,
    ])
  }
}
