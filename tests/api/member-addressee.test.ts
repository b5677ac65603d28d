import { afterAll, beforeAll, expect, it } from 'vitest'
import { admitPerson } from '#server/auth/jit/admit-person'
import { describeEachDatabase } from '../harness/databases'
import { strongPassword as password, tokenOf } from '../harness/invitations'
import { startPortal, type Portal } from '../harness/portal'

describeEachDatabase('a member who is added by an e-mail address', (given) => {
  let portal: Portal
  let boss: Awaited<ReturnType<Portal['operator']>>
  beforeAll(async () => {
    portal = await startPortal(given.url)
    boss = await portal.operator()
    await boss.post('/api/tenants', { slug: 'acme', name: 'Acme' })
    await boss.post('/api/tenants', { slug: 'other', name: 'Other' })
  })
  afterAll(() => portal.close())

  const add = (email: string) => boss.post('/api/tenants/acme/members', { email, role: 'member' })
  const fromProvider = (email: string, emailVerified: boolean, subject = email) =>
    admitPerson(
      portal.container.scopes.platform('test'),
      {
        ...{ issuer: 'https://id.example.org/', subject, email, emailVerified, groups: null },
        ...{ name: 'Somebody', picture: null, locale: null },
      },
      { linkByEmail: false, operatorGroup: '' },
    )

  it('is not found by one that their provider did not verify, which looks as if nobody had it', async () => {
    await fromProvider('chief@example.org', false)
    const [claimed, nobodys] = [await add('chief@example.org'), await add('nobody@example.org')]
    expect([claimed.status, claimed.json.code]).toEqual([404, 'user.not_found'])
    expect({ ...claimed.json, requestId: '' }).toEqual({ ...nobodys.json, requestId: '' })
  })

  it('is found by it once the provider verified it', async () => {
    await fromProvider('ada@example.org', false)
    expect((await add('ada@example.org')).status).toBe(404)
    await fromProvider('ada@example.org', true)
    expect((await add('ada@example.org')).status).toBe(201)
  })

  it('stays found where another token says less, and not by another address that their account follows', async () => {
    await fromProvider('bob@example.org', true)
    await fromProvider('bob@example.org', false)
    expect((await add('bob@example.org')).status).toBe(201)
    await fromProvider('cyd@example.org', true)
    const { user } = await fromProvider('director@example.org', false, 'cyd@example.org')
    expect(user).toMatchObject({ email: 'director@example.org', emailVerified: false })
    expect((await add('director@example.org')).status).toBe(404)
  })

  it('is found where an operator made the account, whatever a provider says of it later', async () => {
    await boss.post('/api/users', { email: 'made@example.org', name: 'Made' })
    expect((await add('made@example.org')).status).toBe(201)
  })

  it('is not found by one to which an invitation was handed over, and not mailed', async () => {
    const { json } = await boss.post('/api/tenants/other/invitations', { email: 'handed@example.org' })
    const account = { name: 'Whoever', password }
    const accepted = await portal
      .browser()
      .post(`/api/invitations/${tokenOf(json.acceptUrl)}/accept`, account)
    expect(accepted.status).toBe(200)
    expect((await add('handed@example.org')).status).toBe(404)
  })
})
