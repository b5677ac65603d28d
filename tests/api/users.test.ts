import { afterAll, beforeAll, expect, it } from 'vitest'
import { describeEachDatabase } from '../harness/databases'
import type { HttpClient } from '../harness/http'
import { operatorEmail, password, startPortal, type Portal } from '../harness/portal'

describeEachDatabase('users', (given) => {
  let portal: Portal
  let boss: HttpClient
  beforeAll(async () => {
    portal = await startPortal(given.url)
    boss = await portal.operator()
  })
  afterAll(() => portal.close())

  const create = async (email: string, more: object = {}) =>
    (await boss.post('/api/users', { email, name: email.split('@')[0], ...more })).json

  it('creates a user who can sign in at once where a password is given', async () => {
    const user = await create('Nina@Example.org', { password })
    expect(user).toMatchObject({
      email: 'nina@example.org',
      platformRole: 'user',
      status: 'active',
      lastLoginAt: null,
    })
    const login = await portal.browser().post('/api/auth/login', { email: 'nina@example.org', password })
    expect(login.status).toBe(200)
  })

  it('refuses a second user with the same address, whatever its case', async () => {
    await create('twin@example.org')
    const again = await boss.post('/api/users', { email: 'TWIN@example.org', name: 'Twin' })
    expect([again.status, again.json.code]).toEqual([409, 'user.email_taken'])
  })

  it('finds by the start of address or name', async () => {
    await create('zoe@example.org', { name: 'Zoë Ångström' })
    const emails = async (search: string) =>
      (await boss.get(`/api/users?search=${encodeURIComponent(search)}`)).json.items.map(
        (u: { email: string }) => u.email,
      )
    expect(await emails('zoe')).toEqual(['zoe@example.org'])
    expect(await emails('ZOË ANG')).toEqual(['zoe@example.org'])
    await create('hundred@example.org', { name: '100% Organic' })
    expect(await emails('100%')).toEqual(['hundred@example.org'])
    expect(await emails('%organic')).toEqual([])
  })

  it('keeps one operator who can sign in, also when all are taken away at once', async () => {
    const second = await create('second@example.org', { password, platformRole: 'operator' })
    const first = (await boss.get('/api/auth/session')).json.user
    const secondBoss = await portal.signedIn({ email: 'second@example.org' })
    const answers = await Promise.all([
      boss.patch(`/api/users/${second.id}`, { platformRole: 'user' }),
      secondBoss.patch(`/api/users/${first.id}`, { status: 'disabled' }),
    ])
    const operators = await given.database.client.user.count({
      where: { platformRole: 'operator', status: 'active' },
    })
    expect(operators).toBe(1)
    expect(answers.filter(({ status }) => status === 200)).toHaveLength(1)
    await given.database.client.user.updateMany({
      where: { email: operatorEmail },
      data: { platformRole: 'operator', status: 'active' },
    })
    boss = await portal.operator()
  })

  it('takes rights away on the next request', async () => {
    const helper = await portal.signedIn({ email: 'helper@example.org', operator: true })
    const { id } = (await helper.get('/api/auth/session')).json.user
    expect((await helper.get('/api/users')).status).toBe(200)
    await boss.patch(`/api/users/${id}`, { platformRole: 'user' })
    expect((await helper.get('/api/users')).status).toBe(401)
  })

  it('erases a deleted user, keeps the audit, and refuses the only owner of a tenant', async () => {
    const leaver = await portal.signedIn({ email: 'leaver@example.org' })
    const { id } = (await leaver.get('/api/auth/session')).json.user
    await boss.post('/api/tenants', { slug: 'leaving', name: 'Leaving' })
    await boss.post('/api/tenants/leaving/members', { email: 'leaver@example.org', role: 'owner' })
    const { userId: bossId } = (await boss.get('/api/tenants/leaving/members')).json.items[0]
    await boss.delete(`/api/tenants/leaving/members/${bossId}`)
    const refused = await boss.delete(`/api/users/${id}`)
    expect([refused.status, refused.json.code]).toEqual([409, 'user.sole_owner'])
    expect(refused.json.detail).toContain('leaving')

    await boss.post('/api/tenants/leaving/members', { email: operatorEmail, role: 'owner' })
    expect((await boss.delete(`/api/users/${id}`)).status).toBe(204)
    expect((await leaver.get('/api/auth/session')).status).toBe(401)
    expect((await boss.get(`/api/users/${id}`)).status).toBe(404)
    const row = await given.database.client.user.findUnique({ where: { id } })
    expect(JSON.stringify(row)).not.toContain('leaver')
    expect((await boss.get('/api/tenants/leaving/members')).json.items).toHaveLength(1)
    expect(await given.database.client.auditEntry.count({ where: { actorId: id } })).toBeGreaterThan(0)
  })

  it('changes the own profile with the right ETag', async () => {
    const sam = await portal.signedIn({ email: 'samuel@example.org' })
    const etag = (await sam.get('/api/users/me/profile')).headers.get('etag') ?? ''
    const changed = await sam.patch(
      '/api/users/me/profile',
      { name: 'Samuel', locale: 'pt-BR' },
      { 'if-match': etag },
    )
    expect(changed.json).toMatchObject({ name: 'Samuel', locale: 'pt-BR' })
    expect((await sam.patch('/api/users/me/profile', { name: 'Sam' }, { 'if-match': etag })).status).toBe(412)
    expect((await sam.patch('/api/users/me/profile', { platformRole: 'operator' })).status).toBe(422)
  })
})
