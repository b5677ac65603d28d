import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { makeDatabase, type MadeDatabase } from '../harness/databases'
import type { HttpClient } from '../harness/http'
import { operatorEmail, password, startPortal, type Portal } from '../harness/portal'
import { routes } from '../harness/routes'

describe.each([
  ['https', 'https://portal.example.org'],
  ['http', 'http://localhost:3000'],
])('every cookie over %s', (scheme, publicUrl) => {
  let made: MadeDatabase
  let portal: Portal
  const given = new Map<string, string[]>()

  beforeAll(async () => {
    made = await makeDatabase('sqlite')
    portal = await startPortal(made.url, { env: { PUBLIC_URL: publicUrl } })
  })
  afterAll(async () => {
    await portal.close()
    await made.remove()
  })

  async function call(client: HttpClient, method: string, path: string, body?: unknown) {
    const answer = await client.send(method, path, body === undefined ? {} : { body })
    const cookies = answer.headers.getSetCookie()
    if (cookies.length)
      given.set(`${method} ${path}`, [...(given.get(`${method} ${path}`) ?? []), ...cookies])
    return answer
  }

  it('was given by a walk through what signs people in and out, and by every other route', async () => {
    const boss = portal.browser()
    await call(boss, 'POST', '/api/setup', { name: 'Olga', email: operatorEmail, password })
    for (const body of [
      { email: operatorEmail, password: 'not it' },
      { email: operatorEmail, password },
    ])
      await call(portal.browser(), 'POST', '/api/auth/login', body)
    const newPassword = 'another battery of horses'
    await call(boss, 'PATCH', '/api/users/me/password', { currentPassword: password, newPassword })
    await call(portal.browser(), 'POST', '/api/auth/passkey/options')

    const withTotp = portal.browser()
    await call(withTotp, 'POST', '/api/auth/login', { email: operatorEmail, password: newPassword })
    for (const { method, path } of routes) {
      if (path.endsWith('/events')) continue
      const client = portal.browser()
      client.cookie = withTotp.cookie
      const address = path.replace(/:\w+/g, '0190a5b0-0000-7000-8000-000000000000')
      await call(client, method, address, method === 'GET' || method === 'DELETE' ? undefined : {})
    }
    await call(boss, 'POST', '/api/auth/logout')
    expect([...given.keys()]).toEqual(
      expect.arrayContaining([
        'POST /api/setup',
        'POST /api/auth/login',
        'POST /api/auth/logout',
        'POST /api/auth/passkey/options',
        'PATCH /api/users/me/password',
      ]),
    )
  })

  it('can be read by no script, goes to no other site with a form, and is bound to this host', () => {
    for (const [from, cookies] of given)
      for (const cookie of cookies) {
        const [pair = '', ...flags] = cookie.split('; ')
        const name = pair.split('=')[0]
        expect([from, name]).toEqual([
          from,
          expect.stringMatching(scheme === 'https' ? /^__Host-tenantry_\w+$/ : /^tenantry_\w+$/),
        ])
        expect(flags, from).toContain('HttpOnly')
        expect(flags, from).toContain('Path=/')
        expect(flags.includes('Secure'), from).toBe(scheme === 'https')
        expect(
          flags.some((flag) => /^SameSite=(Lax|Strict)$/.test(flag)),
          from,
        ).toBe(true)
        expect(
          flags.some((flag) => /^Domain=/i.test(flag)),
          from,
        ).toBe(false)
        expect(cookie.length, from).toBeLessThan(1024)
      }
  })
})
