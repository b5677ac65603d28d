import { beforeAll, describe, expect, it } from 'vitest'
import type { Database } from '#server/storage/database'
import { isUniqueViolation } from '#server/storage/database.errors'
import { newId } from '#server/lib/ids'
import { describeEachDatabase } from '../../tests/harness/databases'
import { atOnce, createRegistries } from '../../tests/harness/registries'
import { principalsStore } from './principals.store'

describeEachDatabase('the principals of a tenant', (given) => {
  const rows = createRegistries(given)
  const db = () => given.database.client
  const store = (tenantId: string) => principalsStore(db(), rows.clock, tenantId)
  let other: Database
  beforeAll(async () => {
    other = await given.openAnother()
  })
  /** By so many at the same time, on two replicas. */
  const byFour = <Result>(
    tenantId: string,
    work: (principals: ReturnType<typeof store>, index: number) => Promise<Result>,
  ) =>
    atOnce(
      ...[given.database, other, given.database, other].map(
        (database, index) => () =>
          database.transaction((tx) => work(principalsStore(tx, rows.clock, tenantId), index)),
      ),
    )
  const reached = async (principalId: string) =>
    (await db().principalVaultBinding.findMany({ where: { principalId }, orderBy: { vaultId: 'asc' } })).map(
      ({ vaultId, defaultOf }) => (defaultOf === null ? vaultId : `${vaultId} by default`),
    )
  const vaultsOf = async (tenantId: string, count: number) => {
    const made: string[] = []
    while (made.length < count) made.push(await rows.vault(tenantId))
    return made
  }

  it('are made where there is none, and keep their role then', async () => {
    const { id } = await rows.tenant()
    const userId = await rows.person(id)
    const ofMember = await store(id).obtain({ userId }, 'admin')
    expect(ofMember).toEqual({ id: expect.any(String), role: 'admin', newService: undefined })
    expect(await store(id).obtain({ userId }, 'member')).toEqual(ofMember)
    const ofService = await store(id).obtain({ service: 'backup' }, 'member')
    expect(ofService).toMatchObject({ role: 'member', newService: expect.any(String) })
    expect(await store(id).obtain({ service: 'backup' }, 'owner')).toEqual({
      ...ofService,
      newService: undefined,
    })
    expect(await db().principal.count()).toBe(2)
  })

  it('are one for a member and one for a service, made by the first of many', async () => {
    const { id } = await rows.tenant()
    const userId = await rows.person(id)
    for (const owner of [{ userId }, { service: 'backup' }]) {
      const made = await byFour(id, (principals) => principals.obtain(owner, 'member'))
      const ids = new Set((made as { id: string }[]).map((one) => one.id))
      expect([...ids]).toEqual([expect.any(String)])
      const named = (made as { newService?: string }[]).filter(({ newService }) => newService)
      expect(named).toHaveLength('service' in owner ? 1 : 0)
    }
    expect([await db().principal.count(), await db().serviceAccount.count()]).toEqual([2, 1])
    const second = { id: newId(), tenantId: id, role: 'owner', createdAt: rows.clock.now() } as const
    const { id: serviceAccountId } = await db().serviceAccount.findFirstOrThrow()
    for (const [owner, column] of [
      [{ userId }, 'userId'],
      [{ serviceAccountId }, 'serviceAccountId'],
    ] as const) {
      const made = db().principal.create({ data: { ...second, ...owner } })
      expect(isUniqueViolation(await made.catch((error: unknown) => error), column)).toBe(true)
    }
  })

  it('are of members alone', async () => {
    const [mine, theirs] = [await rows.tenant(), await rows.tenant()]
    const userId = await rows.person(theirs.id)
    await expect(store(mine.id).obtain({ userId }, 'member')).rejects.toMatchObject({ code: 'P2003' })
    await rows.join(mine.id, userId)
    const [own, foreign] = [
      await store(mine.id).obtain({ userId }, 'member'),
      await store(theirs.id).obtain({ userId }, 'owner'),
    ]
    expect(own.id).not.toBe(foreign.id)
  })

  it('are its own alone: nothing of another’s is read or changed', async () => {
    const [mine, theirs] = [await rows.tenant(), await rows.tenant()]
    const foreign = (await store(theirs.id).obtain({ service: 'backup' }, 'member')).id
    const own = (await store(mine.id).obtain({ service: 'backup' }, 'member')).id
    const [ownVault = '', foreignVault = ''] = [await rows.vault(mine.id), await rows.vault(theirs.id)]
    expect(await store(mine.id).find(foreign)).toBeNull()
    await store(mine.id).setRole(foreign, 'owner')
    expect((await store(theirs.id).find(foreign))?.principal.role).toBe('member')
    expect(await store(mine.id).ownVaults([ownVault, foreignVault, newId()])).toEqual(new Set([ownVault]))
    await store(theirs.id).setVaults(foreign, [foreignVault])
    for (const change of ['addVaults', 'setVaults'] as const) {
      await expect(store(mine.id)[change](own, [ownVault, foreignVault])).rejects.toThrow('another tenant')
      await expect(store(mine.id)[change](foreign, [ownVault])).rejects.toThrow('another tenant')
    }
    expect([await reached(own), await reached(foreign)]).toEqual([[], [`${foreignVault} by default`]])
  })

  it('are shown with their owner and the vaults that they reach, the default first, fifty at most', async () => {
    const { id } = await rows.tenant()
    const userId = await rows.person(id, 'owner')
    const { name } = await db().user.findUniqueOrThrow({ where: { id: userId } })
    const principal = (await store(id).obtain({ userId }, 'admin')).id
    const vaults = await vaultsOf(id, 52)
    await store(id).setVaults(principal, [vaults[3] ?? '', ...vaults])
    const found = await store(id).find(principal)
    expect(found?.principal).toEqual({
      ...{ id: principal, role: 'admin', memberRole: 'owner' },
      owner: { kind: 'member', userId, name },
    })
    const expected = [vaults[3], ...vaults.slice(0, 50).filter((vault) => vault !== vaults[3])]
    expect(found?.vaults.map((vault) => vault.id)).toEqual(expected)
    expect(found?.vaults.filter(({ isDefault }) => isDefault).map((vault) => vault.id)).toEqual([vaults[3]])
    const service = (await store(id).obtain({ service: 'backup' }, 'member')).id
    await store(id).setRole(service, 'owner')
    expect(await store(id).find(service)).toEqual({
      principal: {
        ...{ id: service, role: 'owner', memberRole: null },
        owner: { kind: 'service', name: 'backup' },
      },
      vaults: [],
    })
    expect(await store(id).find(newId())).toBeNull()
  })

  it('have the tenant’s default vault, or its oldest', async () => {
    const [mine, theirs] = [await rows.tenant(), await rows.tenant()]
    await rows.vault(theirs.id, 'default')
    expect(await store(mine.id).defaultVault()).toBeNull()
    const [first] = await vaultsOf(mine.id, 2)
    expect(await store(mine.id).defaultVault()).toBe(first)
    const named = await rows.vault(mine.id, 'default')
    expect(await store(mine.id).defaultVault()).toBe(named)
  })

  it('never reach the vault of the tenant’s own connections', async () => {
    const { id } = await rows.tenant()
    const connections = await rows.vault(id, 'integrations')
    expect(await store(id).defaultVault()).toBeNull()
    expect(await store(id).ownVaults([connections])).toEqual(new Set())
    const principal = (await store(id).obtain({ service: 'backup' }, 'member')).id
    for (const change of ['addVaults', 'setVaults'] as const)
      await expect(store(id)[change](principal, [connections])).rejects.toThrow()
    expect(await reached(principal)).toEqual([])
  })

  describe('with vaults', () => {
    async function scene() {
      const { id } = await rows.tenant()
      const principal = (await store(id).obtain({ service: 'backup' }, 'member')).id
      const [one = '', two = '', three = ''] = await vaultsOf(id, 3)
      return { id, principal, one, two, three, store: store(id) }
    }

    it('take more beside those that they have, and the first as default where they have none', async () => {
      const { principal, one, two, three, store } = await scene()
      await store.addVaults(principal, [])
      expect(await reached(principal)).toEqual([])
      for (const _ of ['once', 'again']) await store.addVaults(principal, [two, one, two])
      expect(await reached(principal)).toEqual([one, `${two} by default`])
      await store.addVaults(principal, [three, one])
      expect(await reached(principal)).toEqual([one, `${two} by default`, three])
      await db().principalVaultBinding.deleteMany({ where: { vaultId: two } })
      await store.addVaults(principal, [three])
      expect(await reached(principal)).toEqual([one, `${three} by default`])
    })

    it('have one default, whoever adds others at the same time', async () => {
      const { id, principal, one, two, three } = await scene()
      const outcomes = await byFour(id, (principals, index) =>
        principals.addVaults(principal, [[one, two, three, two][index] ?? '']),
      )
      expect(outcomes).toEqual([undefined, undefined, undefined, undefined])
      const vaults = await reached(principal)
      expect(vaults.map((vault) => vault.replace(' by default', ''))).toEqual([one, two, three])
      expect(vaults.filter((vault) => vault.endsWith(' by default'))).toHaveLength(1)
    })

    it('are given others in place of those, whole', async () => {
      const { id, principal, one, two, three, store } = await scene()
      await store.setVaults(principal, [one, two])
      for (const _ of ['once', 'again']) await store.setVaults(principal, [three, two, three])
      expect(await reached(principal)).toEqual([two, `${three} by default`])
      const choices = [[one], [two, one], [three, two, one], []]
      await byFour(id, (principals, index) => principals.setVaults(principal, choices[index] ?? []))
      const wholes = [
        [`${one} by default`],
        [one, `${two} by default`],
        [one, two, `${three} by default`],
        [],
      ]
      expect(wholes).toContainEqual(await reached(principal))
      await store.setVaults(principal, [])
      expect(await reached(principal)).toEqual([])
    })
  })

  it('go with the membership, the service and the tenant, and with all that they had', async () => {
    const { id } = await rows.tenant()
    const userId = await rows.person(id)
    const vault = await rows.vault(id)
    const made: string[] = []
    for (const owner of [{ userId }, { service: 'backup' }, { service: 'mail' }]) {
      const principal = (await store(id).obtain(owner, 'member')).id
      await store(id).addVaults(principal, [vault])
      await rows.token(id, principal)
      await rows.machine(id, principal)
      made.push(principal)
    }
    const left = async () => {
      const where = { where: { principalId: { in: made } } }
      const of = [await db().apiToken.count(where), await db().identityClaim.count(where)]
      return [await db().principal.count(), ...of, await db().principalVaultBinding.count(where)]
    }
    await db().membership.deleteMany({ where: { userId } })
    expect(await left()).toEqual([2, 2, 2, 2])
    await db().serviceAccount.deleteMany({ where: { name: 'backup' } })
    expect(await left()).toEqual([1, 1, 1, 1])
    await db().tenant.delete({ where: { id } })
    expect(await left()).toEqual([0, 0, 0, 0])
  })
})
