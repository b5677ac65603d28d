import { afterAll, beforeAll, expect, it } from 'vitest'
import { describeEachDatabase } from '../harness/databases'
import { strongPassword as strong, tokenOf } from '../harness/invitations'
import { startPortal, type Portal } from '../harness/portal'

describeEachDatabase('invitations where people come from an OpenID provider', (given) => {
  let portal: Portal
  let onlyOidc: Portal
  beforeAll(async () => {
    portal = await startPortal(given.url)
    await portal.operator()
    onlyOidc = await startPortal(given.url, {
      env: {
        AUTH_MODE: 'oidc-only',
        OIDC_ISSUER: 'https://id.example.org/',
        OIDC_CLIENT_ID: 'tenantry',
        OIDC_CLIENT_SECRET: 'secret',
      },
    })
  })
  afterAll(async () => {
    await onlyOidc.close()
    await portal.close()
  })

  /** Somebody who is signed in, and known to a provider by this address. */
  async function known(name: string, claims: { email: string; emailVerified: boolean } | null) {
    const email = `${name}@example.org`
    const browser = await portal.signedIn({ email })
    const user = await given.database.client.user.findUniqueOrThrow({ where: { email } })
    // As the provider's callback begins it: in oidc-only mode no other session counts.
    await given.database.client.session.updateMany({ where: { userId: user.id }, data: { method: 'oidc' } })
    if (claims)
      await given.database.client.externalIdentity.create({
        data: {
          id: user.id,
          userId: user.id,
          issuer: 'https://id.example.org/',
          subject: name,
          ...claims,
          createdAt: new Date(),
          lastUsedAt: new Date(),
        },
      })
    return browser
  }
  const inviteTo = async (email: string) => {
    const boss = await portal.operator()
    const slug = `t${Date.now().toString(36)}${email.split('@')[0]}`
    await boss.post('/api/tenants', { slug, name: slug })
    const { json } = await boss.post(`/api/tenants/${slug}/invitations`, { email })
    return tokenOf(json.acceptUrl)
  }
  const cases = [
    ['a local account', null, true, false],
    ['the same, verified', { email: 'same', emailVerified: true }, true, true],
    ['the same, not verified', { email: 'same', emailVerified: false }, false, false],
    ['another, verified', { email: 'another@example.org', emailVerified: true }, true, false],
  ] as const

  it.each(cases)('%s: decides by what is known of the address', async (what, claims, local, provider) => {
    const name = what.replace(/\W/g, '')
    const email = `${name}@example.org`
    const browser = await known(
      name,
      claims && { ...claims, email: claims.email === 'same' ? email : claims.email },
    )
    const token = await inviteTo(email)
    const there = onlyOidc.browser()
    there.cookie = browser.cookie
    expect((await there.get(`/api/invitations/${token}`)).json.next).toBe(
      provider ? 'accept' : 'other_person',
    )
    expect((await browser.get(`/api/invitations/${token}`)).json.next).toBe(local ? 'accept' : 'other_person')
    if (!provider) {
      const refused = await there.post(`/api/invitations/${token}/accept`)
      expect([refused.status, refused.json.code]).toEqual([409, 'invitation.for_another_address'])
    }
    const accepted = await (provider ? there : browser).post(`/api/invitations/${token}/accept`)
    expect(accepted.status).toBe(local || provider ? 200 : 409)
  })

  it('takes the verified address, where the account’s own is another', async () => {
    const browser = await known('work', { email: 'private@example.org', emailVerified: true })
    const token = await inviteTo('private@example.org')
    expect((await browser.post(`/api/invitations/${token}/accept`)).status).toBe(200)
  })

  it('raises whom a group made a member at that very sign-in, and keeps them from its changes', async () => {
    const email = 'grouped@example.org'
    const browser = await known('grouped', { email, emailVerified: true })
    const boss = await portal.operator()
    await boss.post('/api/tenants', { slug: 'grouped', name: 'Grouped' })
    const { json } = await boss.post('/api/tenants/grouped/invitations', { email, role: 'admin' })
    const { client } = given.database
    const [user, tenant] = await Promise.all([
      client.user.findUniqueOrThrow({ where: { email } }),
      client.tenant.findUniqueOrThrow({ where: { slug: 'grouped' } }),
    ])
    const at = { createdAt: new Date(), updatedAt: new Date() }
    const ids = { id: tenant.id, tenantId: tenant.id, userId: user.id }
    await client.membership.create({ data: { ...ids, ...at, role: 'member', source: 'idp' } })
    const accepted = await browser.post(`/api/invitations/${tokenOf(json.acceptUrl)}/accept`)
    expect(accepted.json).toMatchObject({ tenant: 'grouped', role: 'admin' })
    const { items } = (await boss.get('/api/tenants/grouped/members?search=grouped')).json
    expect(items).toMatchObject([{ email, role: 'admin', source: 'invitation' }])
  })

  it('makes no account in oidc-only mode', async () => {
    const token = await inviteTo('nobody@example.org')
    const browser = onlyOidc.browser()
    expect((await browser.get(`/api/invitations/${token}`)).json.next).toBe('sign_in')
    const refused = await browser.post(`/api/invitations/${token}/accept`, { name: 'N', password: strong })
    expect([refused.status, refused.json.code]).toEqual([401, 'invitation.sign_in_first'])
    expect(await given.database.client.user.count({ where: { email: 'nobody@example.org' } })).toBe(0)
  })
})
