import { afterAll, beforeAll, expect, it } from 'vitest'
import { describeEachDatabase, makeDatabase } from '../harness/databases'
import { beginSignIn, setUpApp } from '../harness/factors'
import { password, startPortal, TestClock, type Portal } from '../harness/portal'

describeEachDatabase('a proof of who somebody is', (given) => {
  const clock = new TestClock()
  let portal: Portal
  beforeAll(async () => {
    portal = await startPortal(given.url, { clock })
  })
  afterAll(() => portal.close())

  it('is wanted anew after 10 minutes for what matters, and for nothing else', async () => {
    const here = await portal.signedIn({ email: 'pat@example.org' })
    const change = { currentPassword: password, newPassword: 'winter turnips sing loudly' }
    clock.advance(601)
    const refused = await here.patch('/api/users/me/password', change)
    expect([refused.status, refused.json.code]).toEqual([403, 'auth.step_up_required'])
    expect((await here.post('/api/users/me/second-factor/totp')).json.code).toBe('auth.step_up_required')
    expect((await here.patch('/api/users/me/profile', { name: 'Pat' })).status).toBe(200)

    const former = here.cookie
    const wrong = await here.post('/api/auth/step-up', { password: 'a guess' })
    expect([wrong.status, wrong.json.code]).toEqual([422, 'password.wrong'])
    expect((await here.post('/api/auth/step-up', { password })).status).toBe(204)
    expect(here.cookie).not.toBe(former)
    const stale = portal.browser()
    stale.cookie = former
    expect((await stale.get('/api/me')).status).toBe(401)
    expect((await here.patch('/api/users/me/password', change)).status).toBe(204)
  })

  it('is wanted of operators before rights are given or taken', async () => {
    const boss = await portal.operator()
    const { id } = (await (await portal.signedIn({ email: 'uma@example.org' })).get('/api/auth/session')).json
      .user
    clock.advance(601)
    const codes = []
    for (const answer of [
      await boss.patch(`/api/users/${id}`, { status: 'disabled' }),
      await boss.patch(`/api/users/${id}`, { platformRole: 'operator' }),
      await boss.delete(`/api/users/${id}`),
      await boss.post('/api/users', { email: 'new@example.org', name: 'New', platformRole: 'operator' }),
      await boss.patch('/api/settings', { secondFactorRequiredOf: [] }),
    ])
      codes.push(answer.json.code)
    expect(new Set(codes)).toEqual(new Set(['auth.step_up_required']))
    expect((await boss.patch(`/api/users/${id}`, { name: 'Uma' })).status).toBe(200)
    expect((await boss.patch('/api/settings', { portalName: 'Acme' })).status).toBe(200)
    await boss.post('/api/auth/step-up', { password })
    expect((await boss.patch(`/api/users/${id}`, { status: 'disabled' })).status).toBe(200)
  })

  it('takes a code once, at one of twenty at once, and counts wrong ones', async () => {
    const here = await portal.signedIn({ email: 'sue@example.org' })
    const { recoveryCodes } = await setUpApp(here, clock)
    const body = { password, recovery: recoveryCodes[0] }
    const session = here.cookie
    const statuses = await Promise.all(
      Array.from({ length: 20 }, async () => {
        const racer = portal.browser()
        racer.cookie = session
        return (await racer.post('/api/auth/step-up', body)).status
      }),
    )
    expect(statuses.filter((status) => status === 204)).toHaveLength(1)
    expect(await given.database.client.recoveryCode.count()).toBe(9)
  })

  it('is not taken from another person', async () => {
    const mine = await portal.signedIn({ email: 'mona@example.org' })
    await setUpApp(mine, clock)
    const theirs = await setUpApp(await portal.signedIn({ email: 'theo@example.org' }), clock)
    clock.advance(30)
    const refused = await mine.post('/api/auth/step-up', { password, totp: theirs.codes.at() })
    expect([refused.status, refused.json.code]).toEqual([422, 'second_factor.wrong_code'])
  })
})

describeEachDatabase('a second factor that is asked for', (given) => {
  const clock = new TestClock()
  let portal: Portal
  beforeAll(async () => {
    portal = await startPortal(given.url, { clock })
  })
  afterAll(() => portal.close())

  it('restricts sessions that lack it at once, and frees them when it is set up', async () => {
    const boss = await portal.operator()
    await boss.post('/api/tenants', { slug: 'acme', name: 'Acme' })
    const owner = await portal.signedIn({ email: 'owner@example.org' })
    await boss.post('/api/tenants/acme/members', { email: 'owner@example.org', role: 'owner' })
    const member = await portal.signedIn({ email: 'member@example.org' })
    await boss.post('/api/tenants/acme/members', { email: 'member@example.org', role: 'member' })

    const set = await boss.patch('/api/settings', { secondFactorRequiredOf: ['owner', 'operator'] })
    expect(set.json.secondFactorRequiredOf).toEqual({ value: ['operator', 'owner'], source: 'settings' })
    for (const browser of [owner, boss]) {
      const refused = await browser.get('/api/me')
      expect([refused.status, refused.json.code]).toEqual([403, 'auth.second_factor_required'])
      for (const path of ['/api/tenants', '/api/tenants/acme', '/api/users/me', '/api/tenants/nothing'])
        expect((await browser.get(path)).json.code).toBe('auth.second_factor_required')
      expect((await browser.get('/api/auth/session')).json.restricted).toBe(true)
      expect((await browser.get('/api/users/me/second-factor')).json.required).toBe(true)
    }
    expect((await member.get('/api/me')).status).toBe(200)

    const { codes } = await setUpApp(owner, clock)
    expect((await owner.get('/api/me')).status).toBe(200)
    const removal = await owner.delete('/api/users/me/second-factor/totp')
    expect([removal.status, removal.json.code]).toEqual([409, 'second_factor.required'])
    clock.advance(30)
    const again = portal.browser()
    await beginSignIn(again, 'owner@example.org')
    await again.post('/api/auth/second-factor', { totp: codes.at() })
    expect((await again.get('/api/me')).status).toBe(200)

    // A sign-in by who has none yet.
    const fresh = await portal.operator()
    expect((await fresh.get('/api/tenants')).json.code).toBe('auth.second_factor_required')
    await setUpApp(fresh, clock)
    expect((await fresh.get('/api/tenants')).status).toBe(200)

    // By a role that somebody is given, and by its loss.
    expect(
      (
        await fresh.patch(
          `/api/tenants/acme/members/${(await member.get('/api/auth/session')).json.user.id}`,
          { role: 'owner' },
        )
      ).status,
    ).toBe(200)
    expect((await member.get('/api/me')).json.code).toBe('auth.second_factor_required')
    const { id } = (await member.get('/api/auth/session')).json.user
    await fresh.patch(`/api/tenants/acme/members/${id}`, { role: 'admin' })
    expect((await member.get('/api/me')).status).toBe(200)

    await fresh.patch(`/api/tenants/acme/members/${id}`, { role: 'owner' })
    expect((await member.get('/api/me')).status).toBe(403)
    expect((await fresh.patch('/api/settings', { secondFactorRequiredOf: [] })).status).toBe(200)
    expect((await member.get('/api/me')).status).toBe(200)
    expect((await owner.delete('/api/users/me/second-factor/totp')).status).toBe(204)
  })
})

it('is absent in oidc-only mode, with everything about second factors and passwords', async () => {
  const made = await makeDatabase('sqlite')
  const before = await startPortal(made.url)
  const session = (await before.operator()).cookie
  await before.close()
  const portal = await startPortal(made.url, {
    env: {
      AUTH_MODE: 'oidc-only',
      OIDC_ISSUER: 'https://id.example.org',
      OIDC_CLIENT_ID: 'tenantry',
      OIDC_CLIENT_SECRET: 'secret',
      SMTP_URL: 'smtp://127.0.0.1:1',
      MAIL_FROM: 'portal@example.org',
    },
  })
  try {
    const id = '0190a5b0-0000-7000-8000-000000000000'
    for (const [method, path] of [
      ['POST', '/api/auth/password/forgot'],
      ['POST', '/api/auth/password/reset'],
      ['POST', '/api/auth/second-factor'],
      ['POST', '/api/auth/second-factor/passkey-options'],
      ['POST', '/api/auth/passkey'],
      ['POST', '/api/auth/passkey/options'],
      ['POST', '/api/auth/step-up'],
      ['POST', '/api/auth/step-up/passkey-options'],
      ['GET', '/api/users/me/second-factor'],
      ['POST', '/api/users/me/second-factor/totp'],
      ['DELETE', '/api/users/me/second-factor/totp'],
      ['POST', '/api/users/me/second-factor/totp/confirm'],
      ['POST', '/api/users/me/second-factor/recovery-codes'],
      ['POST', '/api/users/me/passkeys/options'],
      ['POST', '/api/users/me/passkeys'],
      ['PATCH', `/api/users/me/passkeys/${id}`],
      ['DELETE', `/api/users/me/passkeys/${id}`],
    ] as const)
      expect([
        path,
        (await portal.browser().send(method, path, method === 'GET' ? {} : { body: {} })).status,
      ]).toEqual([path, 404])
    expect((await portal.browser().get('/api/portal')).json.passwordReset).toBe(false)
    // A session from before, when there were local accounts.
    const stale = portal.browser()
    stale.cookie = session
    expect((await stale.get('/api/me')).status).toBe(401)
  } finally {
    await portal.close()
    await made.remove()
  }
})
