import { beforeAll, expect, it } from 'vitest'
import type { Database } from '#server/storage/database'
import { isUniqueViolation } from '#server/storage/database.errors'
import { newId } from '#server/lib/ids'
import { describeEachDatabase } from '../../../tests/harness/databases'
import { atOnce, createRegistries, pageThrough } from '../../../tests/harness/registries'
import { findVault, vaultsStore } from './vaults.store'

describeEachDatabase('the vaults of a tenant', (given) => {
  const rows = createRegistries(given)
  const db = () => given.database.client
  const store = (tenantId: string) => vaultsStore(db(), rows.clock, tenantId)
  const handles = (vaults: { handle: string }[]) => vaults.map(({ handle }) => handle)
  let other: Database
  beforeAll(async () => {
    other = await given.openAnother()
  })

  it('are its own alone, whoever else has some of the same names', async () => {
    const [mine, theirs] = [await rows.tenant(), await rows.tenant()]
    const own = await store(mine.id).createDefault()
    const foreign = await store(theirs.id).createDefault()
    await store(theirs.id).create('spare')
    expect(own).toEqual({ id: own.id, handle: 'default', isDefault: true, createdAt: rows.clock.now() })
    expect(await store(mine.id).list({ limit: 10 })).toEqual({ items: [own], nextCursor: null })
    expect(await store(mine.id).count()).toBe(1)
    expect(await store(mine.id).find(foreign.id)).toBeNull()
    expect(await store(mine.id).remove(foreign.id)).toBe(false)
    expect(await store(theirs.id).find(foreign.id)).toEqual(foreign)

    const principal = await rows.principal(theirs.id)
    await rows.bind(principal, foreign.id)
    expect((await store(mine.id).listBound(principal, { limit: 10 })).items).toEqual([])
    expect((await store(mine.id).list({ limit: 10, cursor: foreign.id })).items).toEqual([])
  })

  it('come page by page, each once and the oldest first, made in one moment though they were', async () => {
    const { id } = await rows.tenant()
    const principal = await rows.principal(id)
    const names = Array.from({ length: 7 }, (_, index) => `vault-${6 - index}`)
    for (const name of names) {
      const vault = await store(id).create(name)
      await rows.bind(principal, vault.id, name === 'vault-3')
    }
    for (const limit of [1, 3, 7, 8]) {
      expect(handles(await pageThrough((page) => store(id).list(page), limit))).toEqual(names)
      const bound = await pageThrough((page) => store(id).listBound(principal, page), limit)
      expect(handles(bound)).toEqual(names)
      expect(handles(bound.filter(({ isDefault }) => isDefault))).toEqual(['vault-3'])
    }
    await expect(store(id).list({ limit: 3, cursor: 'vault-3' })).rejects.toMatchObject({
      code: 'page.unknown_cursor',
    })
  })

  it('have a name once, of two who give it at once too', async () => {
    const [mine, theirs] = [await rows.tenant(), await rows.tenant()]
    const make = (database: Database, tenantId: string) => () =>
      vaultsStore(database.client, rows.clock, tenantId).create('spare')
    const outcomes = await atOnce(make(given.database, mine.id), make(other, mine.id), make(other, theirs.id))
    expect(outcomes.filter((outcome) => isUniqueViolation(outcome, 'handle'))).toHaveLength(1)
    expect([await store(mine.id).count(), await store(theirs.id).count()]).toEqual([1, 1])
  })

  it('have one for connections, made by the first of many who need it, which nobody finds as a vault', async () => {
    const [mine, theirs] = [await rows.tenant(), await rows.tenant()]
    const obtain = (database: Database, tenantId: string) => () =>
      database.transaction((tx) => vaultsStore(tx, rows.clock, tenantId).obtainForConnections())
    const turns = [given.database, other, given.database, other]
    const found = await atOnce(...turns.map((database) => obtain(database, mine.id)))
    const [id = ''] = found as string[]
    expect(found).toEqual([id, id, id, id])
    expect(await obtain(other, theirs.id)()).not.toBe(id)

    const [userId, principal] = [await rows.person(mine.id, 'owner'), await rows.principal(mine.id)]
    await rows.bind(principal, id, true)
    expect((await store(mine.id).list({ limit: 10 })).items).toEqual([])
    expect((await store(mine.id).listBound(principal, { limit: 10 })).items).toEqual([])
    expect([await store(mine.id).count(), await store(mine.id).find(id)]).toEqual([0, null])
    expect(await store(mine.id).remove(id)).toBe(false)
    for (const who of [{ userId }, { principalId: principal }])
      expect(await findVault(db(), id, who)).toBeNull()
    expect(await db().vault.count({ where: { id } })).toBe(1)
  })

  it('go with their bindings, once, and with the tenant; what was lent of them stays on record', async () => {
    const { id: tenantId } = await rows.tenant()
    const [one, two] = [await rows.vault(tenantId), await rows.vault(tenantId)]
    const principal = await rows.principal(tenantId)
    for (const vault of [one, two]) await rows.bind(principal, vault, vault === one)
    const lease = await rows.lease(tenantId, { vaultId: one, principalId: principal })
    const bindings = () => db().principalVaultBinding.findMany({ select: { vaultId: true } })
    expect([await store(tenantId).remove(one), await store(tenantId).remove(one)]).toEqual([true, false])
    expect(await bindings()).toEqual([{ vaultId: two }])
    await db().tenant.delete({ where: { id: tenantId } })
    expect([await bindings(), await store(tenantId).count()]).toEqual([[], 0])
    expect(await db().secretLease.findMany({ select: { id: true } })).toEqual([{ id: lease }])
  })

  it('are found by their ids with what somebody has to do with them', async () => {
    const { id, slug } = await rows.tenant('suspended')
    const vault = await rows.vault(id, 'spare')
    const [owner, stranger] = [await rows.person(id, 'owner'), await rows.person()]
    const [service, own] = [await rows.principal(id), await rows.principal(id, owner)]
    const found = (who: Parameters<typeof findVault>[2]) => findVault(db(), vault, who)
    const known = { id: vault, handle: 'spare', tenant: { id, slug, status: 'suspended' } }
    expect(await found({ userId: owner })).toEqual({ ...known, role: 'owner', isBound: false })
    expect(await found({ userId: stranger })).toEqual({ ...known, role: null, isBound: false })
    expect(await found({ principalId: service })).toEqual({ ...known, role: null, isBound: false })
    for (const principal of [service, own]) await rows.bind(principal, vault)
    expect(await found({ userId: owner })).toMatchObject({ isBound: true })
    expect(await found({ userId: stranger })).toMatchObject({ isBound: false })
    expect(await found({ principalId: service })).toMatchObject({ isBound: true })
    expect(await findVault(db(), newId(), { userId: owner })).toBeNull()
  })
})
