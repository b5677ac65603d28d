import { expect, it } from 'vitest'
import { describeEachDatabase } from '../../tests/harness/databases'
import { createRegistries, pageThrough } from '../../tests/harness/registries'
import { serviceAccountsStore } from './service-accounts.store'

describeEachDatabase('the services of a tenant that machines act for', (given) => {
  const rows = createRegistries(given)
  const db = () => given.database.client
  const store = (tenantId: string) => serviceAccountsStore(db(), rows.clock, tenantId)

  async function scene() {
    const { id } = await rows.tenant()
    const principalId = await rows.principal(id)
    const found = await db().principal.findUniqueOrThrow({
      where: { id: principalId },
      include: { serviceAccount: true },
    })
    const account = found.serviceAccount ?? { id: '', name: '' }
    return { id, principalId, accountId: account.id, name: account.name, store: store(id) }
  }

  it('are its own alone, whoever else has one of the same name', async () => {
    const [mine, theirs] = [await scene(), await scene()]
    await rows.service(mine.id, theirs.name)
    expect((await mine.store.list({ limit: 9 })).items.map(({ name }) => name)).toEqual([
      mine.name,
      theirs.name,
    ])
    expect(await mine.store.find(theirs.accountId)).toBeNull()
    await mine.store.remove(theirs.accountId)
    expect(await theirs.store.find(theirs.accountId)).toMatchObject({ name: theirs.name })
  })

  it('come page by page, each once and the oldest first, made in one moment though they were', async () => {
    const { id, name, store } = await scene()
    const made = [name]
    for (let index = 6; index > 0; index -= 1) {
      made.push(`backup-${index}`)
      await rows.service(id, `backup-${index}`)
    }
    for (const limit of [1, 3, 7]) {
      const listed = await pageThrough((page) => store.list(page), limit)
      expect(listed.map((account) => account.name)).toEqual(made)
    }
  })

  it('are told with how much acts for them: what was revoked or expired does not', async () => {
    const { id, principalId, accountId, name, store } = await scene()
    const counted = async () => {
      const { machines, tokens, ...account } = (await store.find(accountId)) ?? { machines: -1, tokens: -1 }
      expect(account).toEqual({ id: accountId, name, createdAt: expect.any(Date) })
      expect((await store.list({ limit: 1 })).items).toEqual([{ machines, tokens, ...account }])
      return [machines, tokens]
    }
    expect(await counted()).toEqual([0, 0])
    const [one] = [await rows.machine(id, principalId), await rows.machine(id, principalId)]
    const token = await rows.token(id, principalId)
    await rows.token(id, principalId, 7200)
    await rows.machine(id, await rows.principal(id))
    expect(await counted()).toEqual([2, 2])
    await db().identity.update({ where: { id: one.id }, data: { status: 'revoked' } })
    rows.clock.advance(3599)
    expect(await counted()).toEqual([1, 2])
    rows.clock.advance(1)
    expect(await counted()).toEqual([1, 1])
    await db().apiToken.updateMany({ where: { id: { not: token } }, data: { revokedAt: rows.clock.now() } })
    expect(await counted()).toEqual([1, 0])
    expect(await store.find(await rows.service(id))).toMatchObject({ machines: 0, tokens: 0 })
  })

  it('go with their principal and what belonged to it, once', async () => {
    const { id, principalId, accountId, name, store } = await scene()
    await rows.bind(principalId, await rows.vault(id), true)
    await rows.token(id, principalId)
    await rows.machine(id, principalId)
    for (const _ of ['once', 'again']) await store.remove(accountId)
    const left = [await db().principal.count(), await db().apiToken.count(), await db().identityClaim.count()]
    expect([...left, await db().principalVaultBinding.count()]).toEqual([0, 0, 0, 0])
    expect([await db().identity.count(), await db().vault.count()]).toEqual([1, 1])
    await rows.service(id, name)
    await db().tenant.delete({ where: { id } })
    expect(await db().serviceAccount.count()).toBe(0)
  })
})
