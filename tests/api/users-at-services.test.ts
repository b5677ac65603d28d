import { afterAll, beforeAll, expect, it } from 'vitest'
import { mostAskedAtOnce } from '#server/provisioning/person'
import { newId } from '#server/lib/ids'
import { describeEachDatabase } from '../harness/databases'
import type { HttpClient } from '../harness/http'
import { password, startPortal, type Portal } from '../harness/portal'

describeEachDatabase('what services know of a person', (given) => {
  let portal: Portal
  let boss: HttpClient
  beforeAll(async () => {
    portal = await startPortal(given.url)
    boss = await portal.operator()
  })
  afterAll(() => portal.close())

  const db = () => given.database.client

  /** Somebody who is a member of tenants of their own, each with an owner besides. */
  async function personIn(email: string, ...slugs: string[]): Promise<string> {
    const { id } = (await boss.post('/api/users', { email, name: 'Nina', password })).json
    for (const slug of slugs) {
      await boss.post('/api/tenants', { slug, name: slug })
      const added = await boss.post(`/api/tenants/${slug}/members`, { email, role: 'member' })
      expect(added.status).toBe(201)
    }
    return id
  }

  const generations = async (slug: string) => {
    const steps = await db().provisioningStep.findMany({ where: { tenant: { slug } } })
    return new Set(steps.map(({ generation }) => generation))
  }
  const runsOf = (slug: string) =>
    db().provisioningRun.count({ where: { tenant: { slug }, cause: 'changed' } })

  it('follows a name, a language and a status, in every tenant of theirs and in no other', async () => {
    const id = await personIn('name@example.org', 'name-a', 'name-b')
    await boss.post('/api/tenants', { slug: 'name-c', name: 'Other' })
    const before = { a: await runsOf('name-a'), b: await runsOf('name-b') }
    for (const change of [{ name: 'Nina New' }, { status: 'disabled' }, { status: 'active' }])
      expect((await boss.patch(`/api/users/${id}`, change)).status).toBe(200)
    const own = await portal.signedIn({ email: 'name@example.org' })
    expect((await own.patch('/api/users/me/profile', { name: 'Nina Own' })).status).toBe(200)
    expect(await runsOf('name-a')).toBe(before.a + 4)
    expect(await runsOf('name-b')).toBe(before.b + 4)
    expect(await runsOf('name-c')).toBe(0)
    expect((await generations('name-a')).size).toBe(1)
  })

  it('is not asked for where nothing changed that a service sees', async () => {
    const id = await personIn('same@example.org', 'same-a')
    const before = await runsOf('same-a')
    await boss.patch(`/api/users/${id}`, { name: 'Nina' })
    expect(await runsOf('same-a')).toBe(before)
  })

  it('ends with the person, and their tenants say so', async () => {
    const id = await personIn('gone@example.org', 'gone-a', 'gone-b')
    const before = await runsOf('gone-a')
    expect((await boss.delete(`/api/users/${id}`)).status).toBe(204)
    expect(await runsOf('gone-a')).toBe(before + 1)
    for (const slug of ['gone-a', 'gone-b']) {
      const { items } = (await boss.get(`/api/tenants/${slug}/audit`)).json
      expect(items[0]).toMatchObject({ action: 'member.removed', subject: { kind: 'membership', id } })
    }
    expect(await db().membership.count({ where: { userId: id } })).toBe(0)
  })

  it('is asked for in all tenants, however many they are', async () => {
    const id = await personIn('many@example.org')
    const now = new Date()
    const tenants = Array.from({ length: mostAskedAtOnce + 3 }, (_, index) => ({
      id: newId(),
      slug: `many-${index}`,
      name: 'Many',
      nameKey: 'many',
      createdAt: now,
      updatedAt: now,
    }))
    await db().tenant.createMany({ data: tenants })
    await db().membership.createMany({
      data: tenants.map((tenant) => ({
        id: newId(),
        tenantId: tenant.id,
        userId: id,
        role: 'member' as const,
        createdAt: now,
        updatedAt: now,
      })),
    })
    const ofMany = { tenant: { slug: { startsWith: 'many-' } } }
    expect((await boss.patch(`/api/users/${id}`, { status: 'disabled' })).status).toBe(200)
    expect(await db().provisioningRun.count({ where: ofMany })).toBe(tenants.length)
    expect((await boss.delete(`/api/users/${id}`)).status).toBe(204)
    expect(await db().provisioningRun.count({ where: ofMany })).toBe(2 * tenants.length)
    expect(await db().membership.count({ where: { userId: id } })).toBe(0)
    const removed = { action: 'member.removed', tenantId: { in: tenants.map((tenant) => tenant.id) } }
    expect(await db().auditEntry.count({ where: removed })).toBe(tenants.length)
  }, 60_000)
})
