import { randomUUID } from 'node:crypto'
import { expect, it } from 'vitest'
import { systemClock } from '#server/lib/clock'
import type { Database } from '#server/storage/database'
import { createLocalSignals } from '#server/storage/signals-local'
import { describeEachDatabase } from '../../../tests/harness/databases'
import { silent } from '../../../tests/harness/vault'
import { VaultUnavailable } from '../vault.errors'
import { deriveKey, newDerivation, type MasterSecret } from './master-secret'
import { openVaultKeys } from './vault-keys'

const random: MasterSecret = { kind: 'random', bytes: Buffer.alloc(32, 1) }
const words: MasterSecret = { kind: 'passphrase', text: 'five words chosen by dice' }

it('derives a key of 32 bytes with its salt, and none by what was meant for the other kind', async () => {
  for (const secret of [random, words]) {
    const how = newDerivation(secret)
    const key = await deriveKey(secret, how)
    expect(key).toHaveLength(32)
    expect(await deriveKey(secret, how)).toEqual(key)
    expect(await deriveKey(secret, newDerivation(secret))).not.toEqual(key)
  }
  expect(newDerivation(random).derivation).toBe('hkdf-sha256')
  expect(Buffer.from(newDerivation(random).salt, 'base64')).toHaveLength(32)
  expect(newDerivation(words).derivation).toBe('argon2id')
  expect(Buffer.from(newDerivation(words).salt, 'base64')).toHaveLength(16)
  expect(await deriveKey(random, newDerivation(words))).toBeUndefined()
})

describeEachDatabase('the keys of a vault', (given) => {
  const openOn = (database: Database, secret: MasterSecret = random) =>
    openVaultKeys({
      ...{ database, secret, clock: systemClock, log: silent },
      signals: createLocalSignals(silent),
    })

  it('are the same for replicas that start at once on an empty database, and make keys at once', async () => {
    const databases = await Promise.all([given.openAnother(), given.openAnother(), given.openAnother()])
    const replicas = await Promise.all(databases.map((database) => openOn(database)))
    const derived = replicas.map(({ keyring }) => keyring.derive('sessions').toString('hex'))
    expect(new Set(derived).size).toBe(1)
    expect(await given.database.client.masterKey.count()).toBe(1)
    const vaultId = randomUUID()
    const keys = await Promise.all([...replicas, ...replicas].map((replica) => replica.make(vaultId)))
    expect(new Set(keys.map((key) => key.toString('hex'))).size).toBe(1)
    expect(await (await openOn(given.database)).find(vaultId)).toEqual(keys[0])
    for (const replica of replicas) await replica.close()
  })

  it('are one for each vault, and gone with it', async () => {
    const keys = await openOn(given.database)
    const [one, two] = [randomUUID(), randomUUID()]
    expect(await keys.find(one)).toBeNull()
    expect(await keys.make(one)).not.toEqual(await keys.make(two))
    await keys.remove(one)
    expect(await keys.find(one)).toBeNull()
    expect(await keys.find(two)).toHaveLength(32)
  })

  it('open with no other secret, of either kind', async () => {
    await openOn(given.database)
    for (const wrong of [words, { kind: 'random', bytes: Buffer.alloc(32, 3) }] as const)
      await expect(openOn(given.database, wrong)).rejects.toThrow(/^MASTER_KEY: this is not the master key/)
    const { client } = given.database
    const [row] = await client.masterKey.findMany()
    await client.masterKey.updateMany({ data: { proof: 'plain' } })
    await expect(openOn(given.database)).rejects.toThrow(/^MASTER_KEY: this is not the master key/)
    await client.masterKey.updateMany({ data: { proof: row?.proof ?? '' } })
  })

  it('hold neither the master secret nor a key in the clear', async () => {
    const keys = await openOn(given.database)
    const key = await keys.make(randomUUID())
    const { client } = given.database
    const dump = JSON.stringify([await client.masterKey.findMany(), await client.wrappedKey.findMany()])
    for (const secret of [key, random.bytes])
      for (const encoding of ['base64', 'base64url', 'hex'] as const)
        expect(dump).not.toContain(secret.toString(encoding).slice(0, 20))
  })

  it('are unavailable while the database is away', async () => {
    const database = await given.openAnother()
    const keys = await openOn(database)
    await database.close()
    await expect(keys.make(randomUUID())).rejects.toBeInstanceOf(VaultUnavailable)
    await expect(keys.ping()).rejects.toBeInstanceOf(VaultUnavailable)
  })
})
