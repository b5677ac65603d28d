import {
  createHash,
  createPublicKey,
  generateKeyPairSync,
  randomUUID,
  sign,
  type KeyObject,
} from 'node:crypto'
import { v7 as newId } from 'uuid'
import type { DatabaseClient } from '#server/storage/database'
import type { MachineScope } from '#shared/contracts/machines'
import type { TenantRole } from '#shared/contracts/tenants'

/** What is signed of a request; the rest of a proof follows. */
export interface SignedRequest {
  method: string
  /** With its query. */
  path: string
  /** As it is sent. */
  body?: string | undefined
}

/** What a test says in place of what a good proof says; undefined leaves it out. */
export interface ProofChanges {
  claims?: Record<string, unknown>
  header?: Record<string, unknown>
  /** In place of the machine's own. */
  key?: KeyObject
}

/**
 * A machine with a key of its own. It writes the format down a second time, on purpose: server and command line are held
 * against it.
 */
export class TestMachine {
  readonly did: string
  readonly privateKey: KeyObject

  readonly handle: string
  readonly audience: string
  readonly now: () => Date

  /**
   * @param now where it takes the time from
   * @param privateKey default: a new one
   */
  constructor(
    handle: string,
    audience: string,
    now = () => new Date(),
    privateKey = generateKeyPairSync('ed25519').privateKey,
  ) {
    this.handle = handle
    this.audience = audience
    this.now = now
    this.privateKey = privateKey
    const { x = '' } = createPublicKey(privateKey).export({ format: 'jwk' })
    this.did = didOf(Buffer.from(x, 'base64url'))
  }

  /** A compact JWS over a request. */
  prove({ method, path, body = '' }: SignedRequest, { claims, header, key }: ProofChanges = {}): string {
    const seconds = Math.floor(this.now().getTime() / 1000)
    const said = {
      iss: this.did,
      sub: this.handle,
      aud: this.audience,
      iat: seconds,
      exp: seconds + 60,
      jti: randomUUID(),
      htm: method,
      htu: path,
      body_sha256: createHash('sha256').update(body).digest('hex'),
      ...claims,
    }
    return signCompact({ alg: 'EdDSA', ...header }, said, key ?? this.privateKey)
  }

  /** Makes a call of its own, signed; `body` is sent as JSON. */
  async call(url: string, method: string, path: string, body?: unknown, changes: ProofChanges = {}) {
    const text = body === undefined ? undefined : JSON.stringify(body)
    return this.send(url, { method, path, body: text }, this.prove({ method, path, body: text }, changes))
  }

  /** Sends a request with a proof that was made for it, or for another. */
  async send(url: string, { method, path, body }: SignedRequest, proof: string) {
    const response = await fetch(url + path, {
      method,
      headers: {
        authorization: `PoP ${proof}`,
        ...(body !== undefined && { 'content-type': 'application/json' }),
      },
      ...(body !== undefined && { body }),
    })
    const text = await response.text()
    const isJson = /json/.test(response.headers.get('content-type') ?? '')
    const json = isJson && text ? JSON.parse(text) : undefined
    return { status: response.status, headers: response.headers, text, json }
  }
}

/** A compact JWS (RFC 7515 section 7.1) by an Ed25519 key. */
export function signCompact(header: object, claims: object, key: KeyObject): string {
  const part = (value: object) => Buffer.from(JSON.stringify(value)).toString('base64url')
  const signed = `${part(header)}.${part(claims)}`
  return `${signed}.${sign(null, Buffer.from(signed), key).toString('base64url')}`
}

const alphabet = '123456789ABCDEFGHJKLMNPQRSTUVWXYZabcdefghijkmnopqrstuvwxyz'

/** did:key of an Ed25519 key's 32 bytes: base58btc of 0xED 0x01 and these, behind a `z`. */
export function didOf(key: Buffer): string {
  let number = BigInt(`0xed01${key.toString('hex')}`)
  let text = ''
  for (; number > 0n; number /= 58n) text = (alphabet[Number(number % 58n)] ?? '') + text
  return `did:key:z${text}`
}

/** For whom a machine is to act. */
export interface Standing {
  slug: string
  /** A member's principal; else a service's of the machine's handle. */
  userId?: string
  /** Default member. */
  role?: TenantRole
  /** Default: everything that the role allows. */
  scopes?: MachineScope[]
}

/** Writes a machine down as claimed, with its tenant's default vault. @returns ids of what was written */
export async function claimInDatabase(
  db: DatabaseClient,
  { handle, did }: { handle: string; did: string },
  { slug, userId, role = 'member', scopes }: Standing,
) {
  const now = new Date()
  const [identityId, ownPrincipalId, serviceAccountId] = [newId(), newId(), newId()]
  const { id: tenantId } = await db.tenant.findUniqueOrThrow({ where: { slug }, select: { id: true } })
  const { id: vaultId } = await db.vault.findFirstOrThrow({ where: { tenantId, handle: 'default' } })
  const standing = userId && (await db.principal.findFirst({ where: { tenantId, userId } }))
  const principalId = standing ? standing.id : ownPrincipalId
  const made = { id: principalId, tenantId, role, createdAt: now }
  if (!userId)
    await db.serviceAccount.create({ data: { id: serviceAccountId, tenantId, name: handle, createdAt: now } })
  if (!standing) {
    await db.principal.create({ data: { ...made, ...(userId ? { userId } : { serviceAccountId }) } })
    await db.principalVaultBinding.create({
      data: { principalId, vaultId, defaultOf: principalId, createdAt: now },
    })
  }
  await db.identity.create({
    data: { id: identityId, handle, did, tenantId, status: 'claimed', keyChangedAt: now, createdAt: now },
  })
  await db.identityClaim.create({
    data: {
      ...{ id: newId(), identityId, principalId, status: 'accepted', createdAt: now, decidedAt: now },
      ...(scopes && { scopes }),
    },
  })
  return { identityId, principalId, tenantId, vaultId }
}
