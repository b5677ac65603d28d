import { createHash, generateKeyPairSync } from 'node:crypto'
import { base58 } from '@scure/base'
import { describe, expect, it } from 'vitest'
import { didOf } from '../../tests/harness/machine'
import { createDidKeys, didOfKey, fingerprintOf, keyOfDid } from './did'

/** did:key method, test vectors of Ed25519 (https://w3c-ccg.github.io/did-key-spec/#ed25519-x25519). */
const published = 'did:key:z6MkiTBz1ymuepAQ4HEHYSF1H8quG5GLVVQR3djdX3mDooWp'
const publishedKey = '3b6a27bcceb6a42d62a3a8d02a6f0d73653215771de243a63ac048a18b59da29'
const hex = (text: string) => Uint8Array.from(Buffer.from(text, 'hex'))

describe('keyOfDid', () => {
  it('reads the key of a published DID, and writes the same DID', () => {
    expect(Buffer.from(keyOfDid(published) ?? []).toString('hex')).toBe(publishedKey)
    expect(didOfKey(hex(publishedKey))).toBe(published)
  })

  it('reads every key back, and agrees with another implementation', () => {
    for (let n = 0; n < 20; n += 1) {
      const { x = '' } = generateKeyPairSync('ed25519').publicKey.export({ format: 'jwk' })
      const key = Buffer.from(x, 'base64url')
      expect(didOfKey(key)).toBe(didOf(key))
      expect(Buffer.from(keyOfDid(didOf(key)) ?? []).equals(key)).toBe(true)
    }
  })

  const withPrefix = (...bytes: number[]) => `did:key:z${base58.encode(Uint8Array.from(bytes))}`
  it.each([
    ['another method', published.replace('did:key', 'did:web')],
    ['another base', published.replace(':z', ':m')],
    ['a key of another kind', withPrefix(0xec, 0x01, ...hex(publishedKey))],
    ['a key that is too short', withPrefix(0xed, 0x01, ...hex(publishedKey).slice(1))],
    ['a key that is too long', withPrefix(0xed, 0x01, ...hex(publishedKey), 0)],
    ['a leading zero', published.replace(':z', ':z1')],
    ['a letter that base58 leaves out', published.replace('6Mk', '6Ml')],
    ['a fragment', `${published}#${published.slice(8)}`],
    ['a space', `${published} `],
    ['nothing', ''],
  ])('takes none with %s', (_, did) => {
    expect(keyOfDid(did)).toBeNull()
    expect(createDidKeys().find(did)).toBeNull()
  })

  // Every encoding of a point of order 1, 2, 4 or 8 that fits into 32 bytes, canonical or not.
  it.each([
    '0100000000000000000000000000000000000000000000000000000000000000',
    'ecffffffffffffffffffffffffffffffffffffffffffffffffffffffffffff7f',
    '0000000000000000000000000000000000000000000000000000000000000000',
    '0000000000000000000000000000000000000000000000000000000000000080',
    'c7176a703d4dd84fba3c0b760d10670f2a2053fa2c39ccc64ec7fd7792ac037a',
    'c7176a703d4dd84fba3c0b760d10670f2a2053fa2c39ccc64ec7fd7792ac03fa',
    '26e8958fc2b227b045c3f489f2ef98f0d5dfac05d3c63339b13802886d53fc05',
    '26e8958fc2b227b045c3f489f2ef98f0d5dfac05d3c63339b13802886d53fc85',
    '0100000000000000000000000000000000000000000000000000000000000080',
    'ecffffffffffffffffffffffffffffffffffffffffffffffffffffffffffffff',
    'eeffffffffffffffffffffffffffffffffffffffffffffffffffffffffffff7f',
    'eeffffffffffffffffffffffffffffffffffffffffffffffffffffffffffffff',
    'edffffffffffffffffffffffffffffffffffffffffffffffffffffffffffff7f',
    'edffffffffffffffffffffffffffffffffffffffffffffffffffffffffffffff',
  ])('takes no point of low order: %s', (point) => {
    expect(keyOfDid(didOfKey(hex(point)))).toBeNull()
  })

  it('takes no other encoding of a point, and none that is not on the curve', () => {
    // y = 3 in its second form, p + 3; y = 2 has no x.
    expect(keyOfDid(didOfKey(hex(`f0${'ff'.repeat(30)}7f`)))).toBeNull()
    expect(keyOfDid(didOfKey(hex(`02${'00'.repeat(31)}`)))).toBeNull()
    expect(keyOfDid(didOfKey(hex(`03${'00'.repeat(31)}`)))).not.toBeNull()
  })
})

it('gives the fingerprint of a key, in groups', () => {
  const digest = createHash('sha256').update(hex(publishedKey)).digest('hex')
  expect(fingerprintOf(published)).toMatch(/^(?:[0-9a-f]{4} ){15}[0-9a-f]{4}$/)
  expect(fingerprintOf(published).replaceAll(' ', '')).toBe(digest)
  expect(() => fingerprintOf('did:key:zNo')).toThrow('No did:key')
})

it('remembers so many keys, and finds the forgotten anew', () => {
  const keys = createDidKeys(2)
  const dids = Array.from({ length: 3 }, () => {
    const { x = '' } = generateKeyPairSync('ed25519').publicKey.export({ format: 'jwk' })
    return { did: didOf(Buffer.from(x, 'base64url')), x }
  })
  for (const { did, x } of [...dids, ...dids])
    expect(keys.find(did)?.export({ format: 'jwk' })).toMatchObject({ x })
})
