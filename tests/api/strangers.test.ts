import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { signInLimits } from '#server/auth/sign-in/attempts'
import { newToken } from '#server/lib/ids'
import { makeDatabase, type MadeDatabase } from '../harness/databases'
import { startMailbox, type Mailbox } from '../harness/mailbox'
import { password, startPortal, TestClock, type Portal } from '../harness/portal'
import { routes } from '../harness/routes'

/** How somebody whom nobody knows calls a route, as far into it as they get. */
interface StrangersCall {
  path?: string
  body?: unknown
  cookies?: Record<string, string>
  form?: Record<string, string>
}

const someEmail = () => `${newToken().slice(0, 12).toLowerCase()}@example.org`

/** Each with another token and address every time, so that it is the stranger who is counted. */
const calls: Record<string, () => StrangersCall> = {
  'POST /api/setup': () => ({ body: { name: 'Eve', email: someEmail(), password } }),
  'POST /api/auth/login': () => ({ body: { email: someEmail(), password: 'a guess' } }),
  'POST /api/auth/logout': () => ({ cookies: { tenantry_session: newToken() } }),
  'POST /api/auth/passkey': () => ({
    body: {
      passkey: {
        id: newToken(),
        rawId: newToken(),
        type: 'public-key',
        response: { clientDataJSON: 'e30', authenticatorData: 'e30', signature: 'e30' },
        clientExtensionResults: {},
      },
    },
    cookies: { tenantry_passkey: newToken() },
  }),
  'POST /api/auth/passkey/options': () => ({}),
  'POST /api/auth/password/forgot': () => ({ body: { email: someEmail() } }),
  'POST /api/auth/password/reset': () => ({ body: { token: newToken(), password } }),
  'POST /api/auth/second-factor': () => ({
    body: { totp: '123456' },
    cookies: { tenantry_pending: newToken() },
  }),
  'POST /api/auth/second-factor/passkey-options': () => ({ cookies: { tenantry_pending: newToken() } }),
  'POST /api/invitations/:token/accept': () => ({
    path: `/api/invitations/${newToken()}/accept`,
    body: { name: 'Eve', password },
  }),
  'POST /auth/oidc/logout': () => ({ cookies: { tenantry_session: newToken() } }),
  'POST /auth/oidc/backchannel-logout': () => ({ form: { logout_token: newToken() } }),
}

const placed = await Promise.all(
  routes.map(async ({ method, path, load }) => ({
    name: `${method} ${path}`,
    method,
    path,
    access: (await load()).definition.access.kind,
  })),
)
/** What changes something, or does work, for whoever asks. */
const open = placed.filter(({ method, access }) => method !== 'GET' && ['anyone', 'entry'].includes(access))

describe('what is open to strangers and no mere reading', () => {
  let made: MadeDatabase
  let mailbox: Mailbox
  let portal: Portal
  const clock = new TestClock()
  beforeAll(async () => {
    made = await makeDatabase('sqlite')
    mailbox = await startMailbox()
    portal = await startPortal(made.url, {
      clock,
      env: {
        SMTP_URL: mailbox.url,
        MAIL_FROM: 'portal@example.org',
        // Nobody is there: a token of nothing is refused before anybody is asked.
        OIDC_ISSUER: 'http://127.0.0.1:9',
        OIDC_CLIENT_ID: 'tenantry',
        OIDC_CLIENT_SECRET: 'a secret',
      },
    })
    await portal.operator()
  })
  afterAll(async () => {
    await portal?.close()
    await mailbox?.stop()
    await made?.remove()
  })

  it('is known to this test, route by route', () => {
    expect(Object.keys(calls).sort()).toEqual(open.map(({ name }) => name).sort())
  })

  const most = Math.max(...Object.values(signInLimits).map(({ attempts }) => attempts))
  const longest = Math.max(...Object.values(signInLimits).map(({ windowSeconds }) => windowSeconds))

  it.each(open.map((route) => [route.name, route] as const))(
    '%s is refused in the end to an address that calls it without end, and not for ever',
    async (name, route) => {
      // Whatever the others counted is over.
      clock.advance(longest)
      const call = async () => {
        const { path = route.path, body, cookies = {}, form } = calls[name]?.() ?? {}
        const browser = portal.browser()
        const [session, ...others] = Object.entries(cookies)
        if (session) browser.cookie = session.join('=')
        for (const [cookie, value] of others) browser.cookies.set(cookie, `${cookie}=${value}`)
        if (!form) return browser.send(route.method, path, { body })
        const headers = { 'content-type': 'application/x-www-form-urlencoded' }
        return browser.send(route.method, path, { body: new URLSearchParams(form).toString(), headers })
      }
      const first = await call()
      expect([name, first.status, first.text]).not.toEqual([name, 429, first.text])
      let answer = first
      for (let n = 1; n <= most && answer.status !== 429; n += 1) answer = await call()
      expect([name, answer.status, answer.json?.code]).toEqual([name, 429, 'rate.limited'])
      const wait = Number(answer.headers.get('retry-after'))
      expect(wait).toBeGreaterThan(0)
      clock.advance(wait)
      expect((await call()).status).toBe(first.status)
    },
  )
})
