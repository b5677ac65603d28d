import { beforeAll, expect, it } from 'vitest'
import { newId } from '#server/lib/ids'
import type { Database } from '#server/storage/database'
import { isUniqueViolation } from '#server/storage/database.errors'
import { describeEachDatabase } from '../../../tests/harness/databases'
import { atOnce, createRegistries, pageThrough } from '../../../tests/harness/registries'
import { bindingsStore } from './bindings.store'

describeEachDatabase('who reaches the vaults of a tenant', (given) => {
  const rows = createRegistries(given)
  const db = () => given.database.client
  const store = (tenantId: string) => bindingsStore(db(), rows.clock, tenantId)
  let other: Database
  beforeAll(async () => {
    other = await given.openAnother()
  })

  /** A tenant with a member whose principal reaches so many vaults, the first of which is their default. */
  async function scene(vaultCount: number) {
    const { id } = await rows.tenant()
    const userId = await rows.person(id)
    const principal = await rows.principal(id, userId)
    const vaults: string[] = []
    for (let index = 0; index < vaultCount; index += 1) {
      const vault = await rows.vault(id)
      await rows.bind(principal, vault, index === 0)
      vaults.push(vault)
    }
    return { id, userId, principal, vaults, vault: vaults[0] ?? '' }
  }
  const defaultOf = async (principalId: string) =>
    (await db().principalVaultBinding.findMany({ where: { principalId, defaultOf: { not: null } } })).map(
      ({ vaultId, defaultOf: of }) => [vaultId, of === principalId],
    )

  it('is told of its own alone, and changed there alone', async () => {
    const [mine, theirs] = [await scene(1), await scene(2)]
    const foreign = store(mine.id)
    expect((await foreign.list(theirs.vault, { limit: 10 })).items).toEqual([])
    expect(await foreign.has(theirs.vault, theirs.principal)).toBe(false)
    expect(await foreign.listDefaultsOf(theirs.vault)).toEqual([])
    expect(await foreign.unbindMember(theirs.vault, theirs.userId)).toBeNull()
    // A member here as well as there.
    await rows.join(mine.id, theirs.userId)
    await rows.principal(mine.id, theirs.userId)
    expect(await foreign.unbindMember(theirs.vault, theirs.userId)).toBeNull()
    await db().principalVaultBinding.updateMany({
      where: { principalId: theirs.principal },
      data: { defaultOf: null },
    })
    await foreign.settleDefault(theirs.principal)
    expect(await defaultOf(theirs.principal)).toEqual([])
    const own = store(theirs.id)
    expect((await own.list(theirs.vault, { limit: 10 })).items).toHaveLength(1)
    expect(await own.has(theirs.vault, theirs.principal)).toBe(true)
  })

  it('is listed page by page, each once, with the names of members and services', async () => {
    const { id, principal, userId, vault } = await scene(2)
    const { name } = await db().user.findUniqueOrThrow({ where: { id: userId } })
    const services = ['five', 'four', 'three', 'two', 'one'].map((word) => rows.fresh(word))
    const made: string[] = []
    for (const word of services) {
      const serviceAccountId = await rows.service(id, word)
      const data = { tenantId: id, serviceAccountId, role: 'member', createdAt: rows.clock.now() } as const
      made.push((await db().principal.create({ data: { id: newId(), ...data } })).id)
    }
    // Bound in another order than they were made in, and later.
    rows.clock.advance(60)
    for (const one of made.toReversed()) await rows.bind(one, vault)
    const listed = await pageThrough((page) => store(id).list(vault, page))
    const boundAt = rows.clock.now()
    expect(listed).toEqual([
      { principalId: principal, userId, name, createdAt: new Date(boundAt.getTime() - 60_000) },
      ...made.map((principalId, index) => ({
        ...{ principalId, userId: null, name: services[index], createdAt: boundAt },
      })),
    ])
  })

  it('loses a vault once; the oldest of the others is the default then, and none where none is left', async () => {
    const { id, userId, principal, vaults } = await scene(3)
    const [first = '', second = '', third = ''] = vaults
    await db().principalVaultBinding.updateMany({
      where: { vaultId: second },
      data: { createdAt: new Date(rows.clock.now().getTime() + 1) },
    })
    expect(await store(id).unbindMember(first, userId)).toBe(principal)
    expect(await store(id).unbindMember(first, userId)).toBeNull()
    expect(await defaultOf(principal)).toEqual([[third, true]])
    expect(await store(id).unbindMember(second, userId)).toBe(principal)
    expect(await defaultOf(principal)).toEqual([[third, true]])
    expect(await store(id).unbindMember(third, userId)).toBe(principal)
    expect(await defaultOf(principal)).toEqual([])
    await store(id).settleDefault(principal)
    expect(await store(id).unbindMember(first, await rows.person(id))).toBeNull()
  })

  it('of vaults bound at one moment has the one that was made first as the default', async () => {
    const { id, userId, principal, vaults } = await scene(4)
    await store(id).unbindMember(vaults[0] ?? '', userId)
    expect(await defaultOf(principal)).toEqual([[vaults[1], true]])
  })

  it('has one default, whoever else settles it at the same time', async () => {
    const { id, principal, vaults } = await scene(3)
    await db().principalVaultBinding.updateMany({ data: { defaultOf: null } })
    const settle = (database: Database) => () =>
      database.transaction((tx) => bindingsStore(tx, rows.clock, id).settleDefault(principal))
    const turns = [given.database, other, given.database, other]
    expect(await atOnce(...turns.map(settle))).toEqual([undefined, undefined, undefined, undefined])
    expect(await defaultOf(principal)).toEqual([[vaults[0], true]])
    const second = db().principalVaultBinding.updateMany({
      where: { principalId: principal, vaultId: vaults[1] ?? '' },
      data: { defaultOf: principal },
    })
    expect(isUniqueViolation(await second.catch((error: unknown) => error), 'defaultOf')).toBe(true)
  })

  it('names those whose default a vault is', async () => {
    const { id, principal, vaults } = await scene(2)
    const spare = await rows.principal(id)
    await rows.bind(spare, vaults[0] ?? '')
    expect(await store(id).listDefaultsOf(vaults[0] ?? '')).toEqual([principal])
    expect(await store(id).listDefaultsOf(vaults[1] ?? '')).toEqual([])
  })

  it('ends with the membership, and with the service', async () => {
    const { id, userId, vault } = await scene(1)
    const accountId = await rows.service(id)
    const data = { tenantId: id, serviceAccountId: accountId, role: 'member' } as const
    const ofService = await db().principal.create({
      data: { id: newId(), ...data, createdAt: rows.clock.now() },
    })
    await rows.bind(ofService.id, vault, true)
    await db().membership.deleteMany({ where: { userId } })
    expect((await store(id).list(vault, { limit: 10 })).items).toMatchObject([{ principalId: ofService.id }])
    await db().serviceAccount.delete({ where: { id: accountId } })
    expect(await db().principalVaultBinding.count()).toBe(0)
    expect(await db().vault.count({ where: { id: vault } })).toBe(1)
  })
})
