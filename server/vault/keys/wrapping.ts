import { openText, sealText } from '../envelope'
import { SecretUnreadable } from '../vault.errors'
import type { MasterKeyRow } from './master-keys.store'
import type { WrappedKeyRow } from './wrapped-keys.store'

/** A master key that this process holds. */
export interface HeldKey {
  readonly id: string
  readonly key: Buffer
}

type Described = Pick<MasterKeyRow, 'id' | 'derivation' | 'salt'>

const knownText = 'This is the master key of Tenantry.'
const proofContext = ({ id, derivation, salt }: Described) => ['master-key', id, derivation, salt]

/** Something that only this master key opens. */
export function proofOf(masterKey: Buffer, row: Described): string {
  return sealText(masterKey, knownText, proofContext(row))
}

/** Whether it is the master key that the row is about. */
export function isProven(masterKey: Buffer | undefined, row: MasterKeyRow): masterKey is Buffer {
  try {
    return masterKey !== undefined && openText(masterKey, row.proof, proofContext(row)) === knownText
  } catch (error) {
    if (error instanceof SecretUnreadable) return false
    throw error
  }
}

/** Wraps a key for the row that keeps it. */
export function wrapKey(masterKey: Buffer, key: Buffer, row: Omit<WrappedKeyRow, 'wrapped'>): string {
  return sealText(masterKey, key.toString('base64'), ['wrapped-key', row.id, row.masterId])
}

/** @throws SecretUnreadable */
export function unwrapKey(masterKey: Buffer, row: WrappedKeyRow): Buffer {
  return Buffer.from(openText(masterKey, row.wrapped, ['wrapped-key', row.id, row.masterId]), 'base64')
}
