import { randomUUID } from 'node:crypto'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { keptVersions } from '#shared/contracts/vaults'
import { openDatabase, type Database } from '#server/storage/database'
import { makeDatabase, type MadeDatabase } from '../../tests/harness/databases'
import { backendsUnderTest, type BackendUnderTest } from '../../tests/harness/vault-backends'
import { openVaultOn, silent } from '../../tests/harness/vault'
import type { VaultBackend } from './backends/backend.port'
import { SecretUnreadable, type SecretPlace, type SecretVault } from './vault'

describe.each(backendsUnderTest)('the vault on $name', ({ provider, make }) => {
  let made: MadeDatabase
  let store: BackendUnderTest
  let backend: VaultBackend
  let vault: SecretVault
  /** As on a second replica. */
  let other: SecretVault
  const opened: { close(): Promise<void> }[] = []

  beforeAll(async () => {
    made = await makeDatabase(provider)
    const databases: Database[] = []
    store = await make(() => {
      if (!databases[0]) throw new Error('No database is open')
      return databases[0]
    })
    const openReplica = async () => {
      const database = await openDatabase({ url: made.url, poolMax: 10, log: silent })
      databases.push(database)
      backend = await store.open(database)
      opened.push(database, backend)
      return openVaultOn(database, backend)
    }
    vault = await openReplica()
    other = await openReplica()
  })
  afterAll(async () => {
    for (const part of opened.reverse()) await part.close()
    await store.remove()
    await made.remove()
  })

  const newPlace = (more: Partial<SecretPlace> = {}): SecretPlace => ({
    ...{ tenantId: randomUUID(), vaultId: randomUUID(), service: 'mail', name: 'password' },
    ...more,
  })

  it('gives what was put, here and on another replica, and null where nothing was', async () => {
    const place = newPlace()
    expect(await vault.get(place)).toBeNull()
    expect(await vault.versions(place)).toEqual([])
    expect(await vault.has(place)).toBe(false)
    const { version, updatedAt } = await vault.put(place, 'hunter2', { note: 'as agreed' })
    expect(version).toBe(1)
    const read = { value: 'hunter2', note: 'as agreed', version: 1, updatedAt }
    expect(await vault.get(place)).toEqual(read)
    expect(await other.get(place)).toEqual(read)
    expect(await other.get({ ...place, name: 'another' })).toBeNull()
  })

  it('keeps 64 kB of text of many bytes a letter', async () => {
    const place = newPlace()
    const value = '€🔑\n\u0000"'.repeat(6_553)
    await vault.put(place, value)
    expect((await other.get(place))?.value).toBe(value)
    await expect(vault.put(place, 'x'.repeat(65_537))).rejects.toThrow('at most 65536 bytes')
  })

  it('keeps the last versions, and restores one as a new one', async () => {
    const place = newPlace()
    for (let count = 1; count <= keptVersions + 2; count++)
      await vault.put(place, `value ${count}`, count === 4 ? { note: 'four' } : {})
    const versions = await other.versions(place)
    expect(await other.has(place)).toBe(true)
    expect(versions.map(({ version }) => version)).toEqual([12, 11, 10, 9, 8, 7, 6, 5, 4, 3])
    expect(versions.find(({ version }) => version === 4)?.note).toBe('four')
    expect(await vault.get(place, 2)).toBeNull()
    expect((await vault.get(place, 3))?.value).toBe('value 3')
    expect(await vault.restore(place, 2)).toBeNull()
    expect(await vault.restore(place, 99)).toBeNull()
    expect(await vault.restore(place, 4)).toMatchObject({ version: 13 })
    expect(await other.get(place)).toMatchObject({ value: 'value 4', note: 'four', version: 13 })
  })

  it('deletes all versions for good, and says whether there were any', async () => {
    const place = newPlace()
    expect(await vault.delete(place)).toBe(false)
    await vault.put(place, 'one')
    await vault.put(place, 'two')
    expect(await other.delete(place)).toBe(true)
    expect(await vault.delete(place)).toBe(false)
    expect(await vault.get(place)).toBeNull()
    expect(await vault.get(place, 1)).toBeNull()
    expect(await vault.list({ tenantId: place.tenantId, id: place.vaultId }, { limit: 10 })).toEqual([])
    expect(await vault.put(place, 'three')).toMatchObject({ version: 1 })
    expect(await vault.versions(place)).toHaveLength(1)
  })

  it('loses none of 100 writers at once on one secret, on two replicas', async () => {
    const place = newPlace()
    const written = await Promise.all(
      Array.from({ length: 100 }, (_, count) => (count % 2 ? vault : other).put(place, `value ${count}`)),
    )
    const versions = written.map(({ version }) => version)
    expect([...versions].sort((one, two) => one - two)).toEqual(Array.from({ length: 100 }, (_, n) => n + 1))
    expect((await vault.versions(place)).map(({ version }) => version)).toEqual(
      Array.from({ length: keptVersions }, (_, count) => 100 - count),
    )
    expect((await other.get(place))?.value).toBe(`value ${versions.indexOf(100)}`)
  })

  it('loses none of 100 writers at once on 100 secrets of a new vault', async () => {
    const place = newPlace()
    await Promise.all(
      Array.from({ length: 100 }, (_, count) =>
        (count % 2 ? vault : other).put({ ...place, name: `n${count}` }, `value ${count}`),
      ),
    )
    for (let count = 0; count < 100; count++)
      expect((await vault.get({ ...place, name: `n${count}` }))?.value).toBe(`value ${count}`)
  })

  it(
    'lists 5,000 secrets completely, in order, by pages and by the start of their names',
    { timeout: 120_000 },
    async () => {
      const place = newPlace()
      const id = { tenantId: place.tenantId, id: place.vaultId }
      const names = Array.from({ length: 5_000 }, (_, count) => `n${count}`)
      const services = ['a', 'a-b', 'a.b', 'a1', 'b']
      const placeOf = (name: string, count: number) => ({
        ...place,
        service: services[count % 5] ?? '',
        name,
      })
      for (let start = 0; start < names.length; start += 100)
        await Promise.all(
          names
            .slice(start, start + 100)
            .map((name, count) =>
              backend.append(placeOf(name, count), { version: 1, sealed: 'x', writtenAt: 1 }),
            ),
        )

      const found: string[] = []
      for (let after: string | undefined; ; after = found.at(-1)) {
        const page = await other.list(id, { after, limit: 200 })
        found.push(...page.map(({ service, name }) => `${service}/${name}`))
        if (page.length < 200) break
      }
      const expected = services.flatMap((service, at) =>
        names
          .filter((_, count) => count % 5 === at)
          .sort()
          .map((name) => `${service}/${name}`),
      )
      expect(found).toEqual(expected)

      const ofA = await vault.list(id, { prefix: 'a', limit: 5_000 })
      expect(ofA).toHaveLength(4_000)
      const within = await vault.list(id, { prefix: 'a-b/n1', limit: 5_000 })
      expect(within.map(({ service, name }) => `${service}/${name}`)).toEqual(
        expected.filter((key) => key.startsWith('a-b/n1')),
      )
      const next = await vault.list(id, { prefix: 'a-b/n1', after: 'a-b/n1991', limit: 2 })
      expect(next.map(({ name }) => name)).toEqual(['n1996'])
      expect(await vault.list(id, { prefix: 'c', limit: 10 })).toEqual([])
      expect(await vault.list({ ...id, id: randomUUID() }, { limit: 10 })).toEqual([])
    },
  )

  it('lists the newest version and its time', async () => {
    const place = newPlace()
    await vault.put(place, 'one')
    const written = await vault.put(place, 'two')
    const listed = await other.list({ tenantId: place.tenantId, id: place.vaultId }, { limit: 10 })
    expect(listed).toEqual([{ service: 'mail', name: 'password', ...written }])
  })

  it('refuses places outside of their grammar', async () => {
    for (const wrong of [
      { service: 'a:b' },
      { service: '*' },
      { service: '..' },
      { name: 'a/b' },
      { name: 'a*' },
      { name: '' },
      { name: '../x' },
      { vaultId: 'a:b' },
      { vaultId: '..' },
      { tenantId: '' },
    ])
      await expect(vault.get(newPlace(wrong))).rejects.toMatchObject({ code: 'secret.place_invalid' })
  })

  describe('whose store was tampered with', () => {
    const expectUnreadable = async (place: SecretPlace, hidden: string) => {
      for (const replica of [vault, other]) {
        const error: unknown = await replica.get(place).catch((thrown: unknown) => thrown)
        expect(error).toBeInstanceOf(SecretUnreadable)
        expect(JSON.stringify(error, Object.getOwnPropertyNames(error))).not.toContain(hidden)
        await expect(replica.restore(place, 1)).rejects.toBeInstanceOf(SecretUnreadable)
      }
    }

    it('opens nothing that was moved to another secret, vault, tenant or version', async () => {
      const from = newPlace()
      await vault.put(from, 'precious')
      const moved = await store.readRaw(from, 1)
      for (const to of [
        { ...from, name: 'other' },
        { ...from, service: 'other' },
        { ...from, vaultId: randomUUID() },
      ]) {
        await vault.put(to, 'of their own')
        await store.plant(to, 1, moved)
        await expectUnreadable(to, 'precious')
      }
      await expectUnreadable({ ...from, tenantId: randomUUID() }, 'precious')
      await vault.put(from, 'newer')
      await store.plant(from, 2, moved)
      await expect(vault.get(from)).rejects.toBeInstanceOf(SecretUnreadable)
      expect((await vault.get(from, 1))?.value).toBe('precious')
    })

    it('opens nothing that was altered, cut, of another form, or plain', async () => {
      const place = newPlace()
      await vault.put(place, 'precious')
      const sealed = await store.readRaw(place, 1)
      const [form, algorithm, nonce = '', content = ''] = sealed.split('.')
      const flipped = content.startsWith('A') ? `B${content.slice(1)}` : `A${content.slice(1)}`
      const inBase64 = (text: string) => Buffer.from(text).toString('base64url')
      for (const planted of [
        [form, algorithm, nonce, flipped],
        [form, algorithm, `${nonce.slice(1)}A`, content],
        [form, algorithm, nonce, content.slice(0, -1)],
        [form, algorithm, nonce, content.slice(0, 24)],
        [form, algorithm, nonce, ''],
        [form, algorithm, nonce],
        ['tv0', algorithm, nonce, content],
        [form, 'none', nonce, inBase64('precious')],
        [form, 'a128gcm', nonce, content],
        ['', '', '', ''],
        ['precious'],
        [`${sealed}\n`],
        [` ${sealed}`],
        [JSON.stringify({ value: 'precious', note: null })],
        [''],
      ]) {
        await store.plant(place, 1, planted.join('.'))
        await expectUnreadable(place, 'precious')
      }
      await store.plant(place, 1, sealed)
      expect((await vault.get(place))?.value).toBe('precious')
    })

    it('says in a check and in the list of versions what does not open', async () => {
      const place = newPlace()
      const id = { tenantId: place.tenantId, id: place.vaultId }
      await vault.put(place, 'one')
      await vault.put(place, 'two')
      await vault.put({ ...place, name: 'other' }, 'three')
      await store.plant(place, 1, 'plain')
      const checked: unknown[] = []
      for await (const found of other.check(id)) checked.push(found)
      expect(checked).toEqual([
        { service: 'mail', name: 'other', version: 1 },
        { service: 'mail', name: 'password', version: 2 },
        { service: 'mail', name: 'password', version: 1, broken: 'It is no envelope.' },
      ])
      expect(await vault.versions(place)).toMatchObject([
        { version: 2, note: null },
        { version: 1, note: null, broken: 'It is no envelope.' },
      ])
    })
  })

  it('stores neither values nor notes in the clear', async () => {
    const place = newPlace()
    await vault.put(place, 'plain-as-day', { note: 'plain-note' })
    const dump = await store.dump()
    expect(dump.includes('password')).toBe(true)
    for (const text of ['plain-as-day', 'plain-note', 'hunter2', 'precious'])
      for (const bytes of [text, Buffer.from(text).toString('base64url'), Buffer.from(text).toString('hex')])
        expect(dump.includes(bytes)).toBe(false)
  })

  it('removes a whole vault with its key, and only that', async () => {
    const [place, neighbour] = [newPlace(), newPlace()]
    const id = { tenantId: place.tenantId, id: place.vaultId }
    await vault.put(place, 'one')
    await vault.put({ ...place, service: 'files' }, 'two')
    await vault.put(neighbour, 'three')
    await vault.removeVault(id)
    await vault.removeVault(id)
    expect(await vault.list(id, { limit: 10 })).toEqual([])
    expect(await vault.get(place)).toBeNull()
    expect((await vault.get(neighbour))?.value).toBe('three')
  })
})
