import { afterAll, afterEach, beforeAll, beforeEach, expect, it } from 'vitest'
import { linkIdentity } from '#server/auth/jit/link-person'
import { describeEachDatabase } from '../harness/databases'
import { startForgingProvider, type ForgingProvider } from '../harness/forging-provider'
import type { HttpClient } from '../harness/http'
import { operatorEmail, password, startPortal, type Portal } from '../harness/portal'

const path = '/api/settings/oidc'

describeEachDatabase('how people sign in', (given) => {
  let forger: ForgingProvider
  let portal: Portal
  let operator: HttpClient

  beforeAll(async () => {
    forger = await startForgingProvider()
    portal = await startPortal(given.url)
  })
  afterAll(async () => {
    await portal.close()
    await forger.stop()
  })
  beforeEach(async () => {
    operator = await portal.operator()
    await operator.patch(path, { localSignIn: true })
    await operator.patch(path, { issuer: null, clientId: null, clientSecret: null, groupsClaim: null })
  })
  afterEach(() => forger.behave())

  const provider = () => ({ issuer: forger.issuer, clientId: 'tenantry', clientSecret: 'a secret of ours' })

  /** Lets the first operator have an identity at the provider, as a login there would. */
  async function linkOperator(subject = 'olga'): Promise<void> {
    const scope = portal.container.scopes.platform('test')
    const user = await scope.stores.users.findByEmail(operatorEmail)
    const claims = { issuer: forger.issuer, subject, email: null, emailVerified: false, name: null }
    await linkIdentity(scope, user?.id ?? '', { ...claims, picture: null, locale: null, groups: null })
  }
  const logIn = () => portal.browser().post('/api/auth/login', { email: operatorEmail, password })

  it('is shown with its sources, and changed value by value', async () => {
    expect((await operator.get(path)).json).toMatchObject({
      issuer: { value: null, source: 'default' },
      scopes: { value: ['openid', 'profile', 'email', 'groups'], source: 'default' },
      localSignIn: { value: true },
      redirectUri: 'http://localhost:3000/auth/oidc/callback',
    })
    const { status, json } = await operator.patch(path, { ...provider(), groupsClaim: 'roles' })
    expect(status).toBe(200)
    expect(json).toMatchObject({
      issuer: { value: forger.issuer, source: 'settings' },
      groupsClaim: { value: 'roles', source: 'settings' },
      operatorGroup: { value: 'tenantry-operators', source: 'default' },
    })
    expect((await operator.get('/api/portal')).json.signIn).toEqual({
      local: true,
      provider: new URL(forger.issuer).host,
    })
  })

  it('never gives the secret back: not in an answer, not in the audit, not in the database', async () => {
    const { text } = await operator.patch(path, provider())
    expect(text).not.toContain('a secret of ours')
    expect((await operator.get('/api/audit')).text).not.toContain('a secret of ours')
    const rows = await portal.container.database.client.setting.findMany()
    expect(JSON.stringify(rows)).not.toContain('a secret of ours')
    expect((await portal.container.provider.settings())?.clientSecret).toBe('a secret of ours')
  })

  it('drops the secret with its issuer', async () => {
    await operator.patch(path, provider())
    const { json } = await operator.patch(path, { issuer: 'https://other.example.org' })
    expect(json.clientSecret).toMatchObject({ value: false })
    expect(await portal.container.provider.settings()).toBeUndefined()
  })

  it.each([
    { issuer: 'http://id.example.org' },
    { issuer: 'https://user:secret@id.example.org' },
    { issuer: 'https://id.example.org/?a=b' },
    { issuer: 'file:///etc/passwd' },
    { scopes: ['profile'] },
    { scopes: ['openid', 'two words'] },
    { unknown: true },
  ])('refuses %j', async (change) => {
    expect((await operator.patch(path, change)).status).toBe(422)
  })

  it('is tested with words that say what is wrong', async () => {
    const test = async (issuer = forger.issuer) => (await operator.post(`${path}/test`, { issuer })).json
    expect(await test()).toMatchObject({ ok: true })
    forger.forge.answers['/.well-known/openid-configuration'] = (_, response) => response.end('<html>')
    expect(await test()).toEqual({ ok: false, words: 'It answered with a web page instead of JSON.' })
    expect(await test('http://127.0.0.1:1')).toMatchObject({ ok: false })
    expect((await operator.post(`${path}/test`, { issuer: 'http://10.0.0.1' })).status).toBe(422)
    const { status, json } = await operator.post(`${path}/test`, {})
    expect([status, json.code]).toEqual([409, 'settings.provider_missing'])
  })

  it('keeps passwords on while no operator could come in otherwise', async () => {
    const off = () => operator.patch(path, { localSignIn: false })
    expect((await off()).json.code).toBe('settings.provider_missing')
    await operator.patch(path, provider())
    expect((await off()).json.code).toBe('settings.would_lock_out')
    await linkOperator()
    expect((await off()).json.localSignIn.value).toBe(false)
    expect((await logIn()).json.code).toBe('auth.local_sign_in_off')
    expect((await portal.browser().post('/api/auth/password/forgot', { email: operatorEmail })).status).toBe(
      403,
    )
    expect((await operator.get('/api/portal')).json).toMatchObject({ signIn: { local: false } })
    forger.forge.answers['/.well-known/openid-configuration'] = (request) => request.socket.destroy()
    expect((await logIn()).json.code).toBe('auth.local_sign_in_off')
    await operator.patch(path, { issuer: null })
    expect((await logIn()).status).toBe(200)
  })

  it('makes no local accounts by invitation while passwords are off', async () => {
    await operator.post('/api/tenants', { slug: 'closed-door', name: 'Closed door' })
    const invited = await operator.post('/api/tenants/closed-door/invitations', { email: 'new@example.org' })
    const invitation = `/api/invitations/${String(invited.json.acceptUrl).split('#')[1]}`
    await operator.patch(path, provider())
    await linkOperator()
    await operator.patch(path, { localSignIn: false })
    expect((await portal.browser().get(invitation)).json.next).toBe('sign_in')
    const account = { name: 'New', password: 'correct horse battery staple' }
    const refused = await portal.browser().post(`${invitation}/accept`, account)
    expect([refused.status, refused.json.code]).toEqual([401, 'invitation.sign_in_first'])
    await operator.patch(path, { localSignIn: true })
    expect((await portal.browser().get(invitation)).json.next).toBe('create_account')
    expect((await portal.browser().post(`${invitation}/accept`, account)).status).toBe(200)
  })

  it('lists the identities of a person, and lets go of all but the only way in', async () => {
    await operator.patch(path, provider())
    await linkOperator()
    const mine = async () => (await operator.get('/api/users/me/identities')).json.items
    const [identity] = await mine()
    expect(identity).toMatchObject({ issuer: forger.issuer, subject: 'olga', isOnlyWayIn: false })
    const stranger = await portal.signedIn({ email: 'stranger@example.org' })
    expect((await stranger.delete(`/api/users/me/identities/${identity.id}`)).status).toBe(404)
    await operator.patch(path, { localSignIn: false })
    expect(await mine()).toMatchObject([{ isOnlyWayIn: true }])
    const refused = await operator.delete(`/api/users/me/identities/${identity.id}`)
    expect([refused.status, refused.json.code]).toEqual([409, 'identity.only_way_in'])
    await operator.patch(path, { localSignIn: true })
    expect((await operator.delete(`/api/users/me/identities/${identity.id}`)).status).toBe(204)
    expect(await mine()).toEqual([])
  })

  it('is locked where the environment sets it, which also brings passwords back', async () => {
    await operator.patch(path, provider())
    await linkOperator()
    await operator.patch(path, { localSignIn: false })
    const env = { OIDC_ISSUER: 'https://id.example.org', LOCAL_SIGN_IN: 'on' }
    const rescued = await startPortal(given.url, { env })
    try {
      const boss = await rescued.operator()
      expect((await boss.get(path)).json).toMatchObject({
        issuer: { value: 'https://id.example.org', source: 'environment' },
        clientId: { value: 'tenantry', source: 'settings' },
        localSignIn: { value: true, source: 'environment' },
      })
      for (const change of [{ issuer: forger.issuer }, { localSignIn: false }])
        expect((await boss.patch(path, change)).json.code).toBe('settings.locked')
    } finally {
      await rescued.close()
    }
  })
})
