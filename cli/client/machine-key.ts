import { base58 } from '@scure/base'
import { exportJWK, exportPKCS8, generateKeyPair, importPKCS8 } from 'jose'

/** The Ed25519 key of a machine. */
export interface MachineKey {
  /** did:key of its public half. */
  readonly did: string
  readonly privateKey: CryptoKey
}

/** Multicodec `ed25519-pub`, as a varint. */
const prefix = [0xed, 0x01]
const extractable = true

/** A new key. */
export async function createMachineKey(): Promise<MachineKey> {
  return machineKeyOf((await generateKeyPair('EdDSA', { extractable })).privateKey)
}

/**
 * Reads a key from PKCS#8 in PEM, as `openssl genpkey -algorithm ed25519` writes it.
 *
 * @throws Error where it is no Ed25519 key in that form; never with any of the text
 */
export async function readMachineKey(pem: string): Promise<MachineKey> {
  const privateKey = await importPKCS8(pem.trim(), 'EdDSA', { extractable }).catch(() => null)
  if (!privateKey) throw new Error('This is no Ed25519 private key (PKCS#8 in PEM).')
  return machineKeyOf(privateKey)
}

/** A key as PKCS#8 in PEM. It is a secret. */
export function writeMachineKey({ privateKey }: MachineKey): Promise<string> {
  return exportPKCS8(privateKey)
}

/** did:key method, section 3.1. */
async function machineKeyOf(privateKey: CryptoKey): Promise<MachineKey> {
  const { x = '' } = await exportJWK(privateKey)
  const bytes = Uint8Array.from(atob(x.replaceAll('-', '+').replaceAll('_', '/')), (c) => c.charCodeAt(0))
  return { did: `did:key:z${base58.encode(Uint8Array.from([...prefix, ...bytes]))}`, privateKey }
}

/** SHA-256 of the public key in groups of four hex digits, as the portal shows it to whoever accepts a claim. */
export async function fingerprintOfDid(did: string): Promise<string> {
  const key = base58.decode(did.slice('did:key:z'.length)).slice(prefix.length)
  return ((await sha256(key)).match(/.{4}/g) ?? []).join(' ')
}

/** In hex. */
export async function sha256(bytes: Uint8Array<ArrayBuffer>): Promise<string> {
  const digest = new Uint8Array(await crypto.subtle.digest('SHA-256', bytes))
  return [...digest].map((byte) => byte.toString(16).padStart(2, '0')).join('')
}
