import { randomBytes, randomUUID } from 'node:crypto'
import { afterEach, expect, it, vi } from 'vitest'
import { loadConfig } from '#server/config/config'
import { createContainer, type Container } from '#server/container'
import { systemClock } from '#server/lib/clock'
import type { Database } from '#server/storage/database'
import { openSignals } from '#server/storage/signals'
import { describeEachDatabase } from '../../tests/harness/databases'
import { silent } from '../../tests/harness/vault'
import { deriveKey, type MasterSecret } from './keys/master-secret'
import { wrapKey } from './keys/wrapping'
import { rotate, type RotationOptions } from './rotation'

const one: MasterSecret = { kind: 'random', bytes: Buffer.alloc(32, 1) }
const two: MasterSecret = { kind: 'random', bytes: Buffer.alloc(32, 2) }
const three: MasterSecret = { kind: 'passphrase', text: 'five words chosen by dice' }
const passphraseOf = { kind: 'passphrase', text: 'another five words of mine' } as const

describeEachDatabase('rotation', (given) => {
  const started: Container[] = []
  afterEach(async () => {
    for (const container of started.splice(0)) await container.close()
    const { client } = given.database
    await client.vaultBlob.deleteMany()
    await client.wrappedKey.deleteMany()
    await client.masterKey.deleteMany()
  })

  async function start(secret: MasterSecret): Promise<Container> {
    const config = loadConfig({
      DATABASE_URL: given.url,
      VAULT_BACKEND: 'database',
      ...(secret.kind === 'random'
        ? { MASTER_KEY: secret.bytes.toString('base64') }
        : { MASTER_PASSPHRASE: secret.text }),
    })
    const container = await createContainer(config, { log: silent })
    started.push(container)
    return container
  }

  async function change(options: RotationOptions) {
    const signals = openSignals({ url: given.url, log: silent })
    try {
      return await rotate(
        { database: given.database, signals, clock: systemClock },
        { graceSeconds: 0, ...options },
      )
    } finally {
      await signals.close()
    }
  }

  /** As /ready is, by which a process learns of a change where no signal reaches it. */
  function askedAllTheTime({ vault }: Container) {
    let asking = true
    const probes = (async () => {
      while (asking) {
        await vault.ping()
        await new Promise((resolve) => setImmediate(resolve))
      }
    })()
    return { end: () => ((asking = false), probes) }
  }

  const newPlace = () => ({ tenantId: randomUUID(), vaultId: randomUUID(), service: 'mail', name: 'key' })

  it('leaves values and derived keys as they are, for processes that run and those that start', async () => {
    const running = await start(one)
    const place = newPlace()
    await running.vault.put(place, 'precious')
    const derived = running.moduleSecrets.tokenKey
    const probes = askedAllTheTime(running)
    expect(await change({ from: one, to: two, graceSeconds: 1 })).toEqual({ rewrapped: 2 })
    await probes.end()

    expect((await running.vault.get(place))?.value).toBe('precious')
    const later = await start(two)
    expect((await later.vault.get(place))?.value).toBe('precious')
    expect(later.moduleSecrets.tokenKey).toBe(derived)
    const another = newPlace()
    await running.vault.put(another, 'made by the one that ran')
    expect((await later.vault.get(another))?.value).toBe('made by the one that ran')
    await running.vault.ping()
  })

  it('lets nobody start with the former key, and says what to do without showing any', async () => {
    await start(one)
    await change({ from: one, to: three })
    const error: unknown = await start(one).catch((thrown: unknown) => thrown)
    expect(String(error)).toMatch(
      /^Error: MASTER_KEY: this is not the master key .* Start Tenantry with the right one/,
    )
    expect(String(error)).not.toContain(Buffer.alloc(32, 1).toString('base64'))
    await expect(start(passphraseOf)).rejects.toThrow('MASTER_KEY: this is not the master key')
    await start(three)
    const rows = await given.database.client.masterKey.findMany({ orderBy: { createdAt: 'asc' } })
    expect(rows.map(({ state, successor }) => ({ state, successor }))).toEqual([
      { state: 'retired', successor: null },
      { state: 'current', successor: null },
    ])
  })

  it('refuses a former key that is not in use, and a second rotation to another key', async () => {
    await start(one)
    await expect(change({ from: two, to: three })).rejects.toThrow('not the one in use')
    const stop = () => {
      throw new Error('killed')
    }
    await expect(change({ from: one, to: two, onProgress: stop })).rejects.toThrow('killed')
    await expect(change({ from: one, to: three })).rejects.toThrow('another master key is under way')
    await expect(start(two)).rejects.toThrow(/rotation to this master key is not finished/)
    await change({ from: one, to: two })
    expect(await change({ from: one, to: two })).toEqual({ rewrapped: 0 })
    await start(two)
  })

  it('is unavailable where a process missed the change, and says that it is not ready', async () => {
    const asleep = await start(one)
    const place = newPlace()
    await asleep.signals.close()
    await change({ from: one, to: two })
    await (await start(two)).vault.put(place, 'of the new time')
    await expect(asleep.vault.get(place)).rejects.toMatchObject({ code: 'vault.unavailable', status: 503 })
    await expect(asleep.vault.put(newPlace(), 'x')).rejects.toMatchObject({ code: 'vault.unavailable' })
    await expect(asleep.vault.ping()).rejects.toMatchObject({ code: 'vault.unavailable' })
  })

  it(
    'goes on under load from two replicas, is killed half-way, and resumes',
    { timeout: 120_000 },
    async () => {
      const replicas = [await start(one), await start(one)] as const
      await makeKeys(given.database, one, 1_000)
      const places = Array.from({ length: 20 }, newPlace)
      for (const place of places) await replicas[0].vault.put(place, `value of ${place.vaultId}`)

      let working = true
      let calls = 0
      const made: typeof places = []
      const load = replicas.map(async ({ vault }, at) => {
        while (working) {
          const place = places[calls++ % places.length]
          if (!place) continue
          expect((await vault.get(place))?.value).toBe(`value of ${place.vaultId}`)
          const fresh = newPlace()
          await vault.put(fresh, `value of ${fresh.vaultId}`)
          expect((await replicas[1 - at]?.vault.get(fresh))?.value).toBe(`value of ${fresh.vaultId}`)
          made.push(fresh)
        }
      })
      const onLoad = Promise.all(load)

      const before = calls
      const onProgress = vi.fn((done: number) => {
        if (done >= 500) throw new Error('killed')
      })
      await expect(change({ from: one, to: two, onProgress })).rejects.toThrow('killed')
      await vi.waitFor(() => expect(calls).toBeGreaterThan(before + 10), { timeout: 20_000 })
      const begun = performance.now()
      const probes = replicas.map(askedAllTheTime)
      const { rewrapped } = await change({ from: one, to: two, graceSeconds: 1 })
      await Promise.all(probes.map((probe) => probe.end()))
      expect((performance.now() - begun) / 1_000).toBeLessThan(30)
      expect(rewrapped).toBeGreaterThan(500)
      const after = calls
      await vi.waitFor(() => expect(calls).toBeGreaterThan(after + 10), { timeout: 20_000 })
      working = false
      await onLoad

      const states = await given.database.client.wrappedKey.groupBy({ by: ['masterId'], _count: true })
      expect(states).toHaveLength(1)
      await expect(start(one)).rejects.toThrow('not the master key')
      const later = await start(two)
      for (const place of [...places, ...made])
        expect((await later.vault.get(place))?.value).toBe(`value of ${place.vaultId}`)
    },
  )
})

/** As many vaults with a key, at once. */
async function makeKeys(database: Database, secret: MasterSecret, count: number) {
  const master = await database.client.masterKey.findFirstOrThrow({ where: { state: 'current' } })
  const key = await deriveKey(secret, master)
  if (!key) throw new Error('The secret is another')
  const [createdAt, masterId] = [new Date(), master.id]
  await database.client.wrappedKey.createMany({
    data: Array.from({ length: count }, () => {
      const id = `vault:${randomUUID()}`
      const wrapped = wrapKey(key, randomBytes(32), { id, masterId })
      return { id, masterId, wrapped, createdAt, wrappedAt: createdAt }
    }),
  })
}
