import { expect, it } from 'vitest'
import { describeEachDatabase } from '../../tests/harness/databases'
import { createWorkshop } from '../../tests/harness/provisioning'
import { keepResources } from './resources.store'
import type { Resource } from './step-planner.port'

const account = (name: string, fingerprint = 'as it should be'): Resource => ({
  ...{ kind: 'account', name, fingerprint },
  externalId: `id-${name}`,
})

describeEachDatabase('what was observed of a tenant', (given) => {
  const shop = createWorkshop(given)
  const of = (tenantId: string, step = 'accounts') => ({ tenantId, service: 'stalwart', step }) as const
  const keep = (where: ReturnType<typeof of>, resources: readonly Resource[]) =>
    given.database.transaction((tx) => keepResources(tx, where, resources))
  const rows = async (where: ReturnType<typeof of>) =>
    given.database.client.provisionedResource.findMany({ where, orderBy: { name: 'asc' } })
  const names = async (where: ReturnType<typeof of>) => (await rows(where)).map(({ name }) => name)

  it('takes the place of what was there before, and only what differs is written', async () => {
    const where = of((await shop.createTenant()).id)
    await keep(where, [account('ada'), account('bob'), account('cyd')])
    const before = await rows(where)
    await keep(where, [account('ada'), account('bob', 'closed'), account('dan')])
    const after = await rows(where)
    expect(after.map(({ name, fingerprint }) => `${name} ${fingerprint}`)).toEqual([
      ...['ada as it should be', 'bob closed', 'dan as it should be'],
    ])
    expect(after[0]).toEqual(before[0])
    await keep(where, [])
    expect(await rows(where)).toEqual([])
  })

  it('is known by its id: what was renamed is there once', async () => {
    const where = of((await shop.createTenant()).id)
    await keep(where, [account('ada')])
    await keep(where, [{ ...account('ada'), name: 'ada-king' }])
    expect(await names(where)).toEqual(['ada-king'])
    await keep(where, [account('ada'), account('ada')])
    expect(await names(where)).toEqual(['ada'])
  })

  it('touches no other step and no other tenant', async () => {
    const [one, other] = [await shop.createTenant(), await shop.createTenant()]
    for (const where of [of(one.id), of(one.id, 'domains'), of(other.id)]) await keep(where, [account('ada')])
    await keep(of(one.id), [])
    expect(await names(of(one.id))).toEqual([])
    expect(await names(of(one.id, 'domains'))).toEqual(['ada'])
    expect(await names(of(other.id))).toEqual(['ada'])
    await given.database.client.tenant.delete({ where: { id: one.id } })
    expect(await names(of(one.id, 'domains'))).toEqual([])
  })

  it('may be more than a statement takes', async () => {
    const where = of((await shop.createTenant()).id)
    const many = Array.from({ length: 1_234 }, (_, index) => account(`person-${index}`))
    await keep(where, many)
    expect(await rows(where)).toHaveLength(1_234)
    await keep(where, many.slice(0, 1))
    expect(await names(where)).toEqual(['person-0'])
  })
})
