import { expect, it } from 'vitest'
import { newId } from '#server/lib/ids'
import { describeEachDatabase } from '../../tests/harness/databases'
import { createRegistries } from '../../tests/harness/registries'
import { findActing } from './machines.store'
import { foundPrincipal, storedScopes } from './standing.store'

describeEachDatabase('what decides for whom a machine acts', (given) => {
  const rows = createRegistries(given)
  const db = () => given.database.client

  async function scene() {
    const { id } = await rows.tenant()
    const principalId = await rows.principal(id, await rows.person(id, 'admin'), 'owner')
    const { did } = await rows.machine(id, principalId)
    return { id, principalId, did }
  }

  it.each(['2026-03-01T08:00:00.000Z', '2026-03-01T08:00:00.050Z', '2026-12-31T23:59:59.999Z'])(
    'reads the moment %s as it was written',
    async (moment) => {
      const { did } = await scene()
      await db().identity.updateMany({ data: { lastUsedAt: new Date(moment) } })
      expect((await findActing(given.database, did))?.lastUsedAt).toEqual(new Date(moment))
    },
  )

  it('gives scopes back as they were chosen, and none for what is no list of them', async () => {
    const { did } = await scene()
    const scopes = async () => (await findActing(given.database, did))?.principal?.scopes
    expect(await scopes()).toBeNull()
    for (const chosen of [['tenant:read'], ['secrets:read', 'secrets:lease']]) {
      await db().identityClaim.updateMany({ data: { scopes: chosen } })
      expect(await scopes()).toEqual(chosen)
    }
    for (const strange of [[], ['everything'], 'tenant:read', { all: true }, 7]) {
      await db().identityClaim.updateMany({ data: { scopes: strange } })
      await expect(scopes()).rejects.toThrow()
      expect(() => storedScopes(strange)).toThrow()
    }
  })

  it('has each vault once, the default first and the others by age, however many there are', async () => {
    const { id, did, principalId } = await scene()
    const made: string[] = []
    for (let index = 0; index < 60; index += 1) {
      const vault = await rows.vault(id)
      await rows.bind(principalId, vault, index === 30)
      made.push(vault)
    }
    const found = (await findActing(given.database, did))?.principal?.vaults ?? []
    const [first = ''] = made.splice(30, 1)
    expect(found.map((vault) => vault.id)).toEqual([first, ...made])
    expect(found.filter(({ isDefault }) => isDefault)).toHaveLength(1)
  })

  it('is what is on record in the principal’s own tenant, whatever else the member is elsewhere', async () => {
    const { id, did } = await scene()
    const { userId } = await db().membership.findFirstOrThrow({ where: { tenantId: id } })
    await rows.join((await rows.tenant()).id, userId, 'owner')
    expect(await findActing(given.database, did)).toMatchObject({
      principal: { userId, role: 'owner', grantedRole: 'member', memberRole: 'admin', tenant: { id } },
    })
  })

  it('is nobody where no rows tell of one', async () => {
    expect(foundPrincipal([])).toBeNull()
    expect(await findActing(given.database, newId())).toBeNull()
  })
})
