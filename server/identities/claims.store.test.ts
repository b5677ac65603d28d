import { beforeAll, expect, it } from 'vitest'
import type { Database } from '#server/storage/database'
import { describeEachDatabase } from '../../tests/harness/databases'
import { atOnce, createRegistries } from '../../tests/harness/registries'
import { claimsStore } from './claims.store'
import { machinesStore } from './machines.store'

describeEachDatabase('what a person sees of a claim', (given) => {
  const rows = createRegistries(given)
  const db = () => given.database.client
  const store = (userId: string) => claimsStore(db(), rows.clock, userId)
  let other: Database
  beforeAll(async () => {
    other = await given.openAnother()
  })

  it('is a machine that asks, and none that is claimed, rejected or revoked', async () => {
    const userId = await rows.person()
    const { id, handle } = await rows.applicant()
    expect(await store(userId).find(id)).toMatchObject({ handle, status: 'pending' })
    for (const status of ['claimed', 'rejected', 'revoked'] as const) {
      await db().identity.update({ where: { id }, data: { status } })
      expect(await store(userId).find(id)).toBeNull()
      expect(await store(userId).reject(id)).toBe(false)
    }
    const { id: tenantId } = await rows.tenant()
    await db().identity.update({ where: { id }, data: { status: 'pending', tenantId } })
    expect([await store(userId).find(id), await store(userId).reject(id)]).toEqual([null, false])
  })

  it('are the tenants that they own or administer, and that do not rest, with vaults and services', async () => {
    const userId = await rows.person()
    const shown: unknown[] = []
    for (const role of ['owner', 'admin', 'member'] as const)
      for (const status of ['pending', 'active', 'suspended', 'archived', 'deleting'] as const) {
        const { id, slug } = await rows.tenant(status)
        await rows.join(id, userId, role)
        await rows.join(id, await rows.person(), 'owner')
        const vaults = [await rows.vault(id, 'one'), await rows.vault(id, 'default')]
        await rows.vault(id, 'integrations')
        for (const name of ['mail', 'backup']) await rows.service(id, name)
        const isOffered = role !== 'member' && ['pending', 'active'].includes(status)
        const named = vaults.map((vault, index) => ({ id: vault, handle: index === 0 ? 'one' : 'default' }))
        if (isOffered) shown.push({ slug, name: slug, vaults: named, services: ['mail', 'backup'] })
      }
    expect(shown).toHaveLength(4)
    expect(await store(userId).listTenants()).toEqual(shown)
    expect(await store(await rows.person()).listTenants()).toEqual([])
  })

  it('are a hundred tenants, and of each a hundred vaults, at most', { timeout: 120_000 }, async () => {
    const userId = await rows.person()
    const now = rows.clock.now()
    const tenants: string[] = []
    for (let index = 0; index < 102; index += 1) {
      const { id } = await rows.tenant()
      await rows.join(id, userId, 'owner')
      tenants.push(id)
    }
    const vaults = Array.from({ length: 102 }, (_, index) => {
      const id = `vault-${String(index).padStart(3, '0')}`
      return { id, tenantId: tenants[0] ?? '', handle: id, createdAt: now }
    })
    await db().vault.createMany({ data: vaults })
    const offered = await store(userId).listTenants()
    expect(offered).toHaveLength(100)
    expect(offered[0]?.vaults.map(({ id }) => id)).toEqual(vaults.slice(0, 100).map(({ id }) => id))
  })

  it('is rejected by one of many, once, until it asks again', async () => {
    const people = [await rows.person(), await rows.person()]
    const { id } = await rows.applicant()
    const reject = (database: Database, userId: string) => () =>
      database.transaction((tx) => claimsStore(tx, rows.clock, userId).reject(id))
    const outcomes = await atOnce(reject(given.database, people[0] ?? ''), reject(other, people[1] ?? ''))
    expect(outcomes.toSorted()).toEqual([false, true])
    const decided = { decidedById: outcomes[0] ? people[0] : people[1], decidedAt: rows.clock.now() }
    const read = () => db().identity.findUniqueOrThrow({ where: { id }, include: { claims: true } })
    expect(await read()).toMatchObject({
      ...{ status: 'rejected', version: 2 },
      claims: [{ status: 'rejected', principalId: null, ...decided }],
    })
    const from = { address: null, userAgent: null }
    expect(await machinesStore(db(), rows.clock).askAgain(id, from)).toBe(true)
    expect(await store(people[0] ?? '').find(id)).toMatchObject({ id })
    expect(await read()).toMatchObject({ claims: [{ status: 'pending', decidedById: null }] })
    expect(await store(people[0] ?? '').reject(id)).toBe(true)
  })
})
