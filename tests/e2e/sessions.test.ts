import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { startAlternating, type Alternating } from '../harness/alternating'
import { HttpClient } from '../harness/http'
import { email, password } from './scene'

let portal: Alternating
let boss: HttpClient
let next = 0

beforeAll(async () => {
  portal = await startAlternating({ withRedis: true })
  boss = new HttpClient(portal.url, portal.url)
  expect((await boss.post('/api/setup', { name: 'Olga Operator', email, password })).status).toBe(201)
  expect((await boss.post('/api/tenants', { slug: 'acme', name: 'Acme' })).status).toBe(201)
})
afterAll(() => portal?.stop())

/** Somebody new, made while Redis is there: signing in counts attempts. */
async function somebody(browsers = 1) {
  const person = { email: `person${next++}@example.org`, name: 'Pat' }
  const { json } = await boss.post('/api/users', { ...person, password })
  const signedIn = await Promise.all(Array.from({ length: browsers }, () => signIn(person.email)))
  return { email: person.email, id: json.id as string, browsers: signedIn }
}
async function signIn(who: string) {
  const browser = new HttpClient(portal.url, portal.url)
  expect((await browser.post('/api/auth/login', { email: who, password })).status).toBe(200)
  return browser
}
/** What each replica says to this browser on its very next request. */
async function atBoth({ cookie }: HttpClient, path = '/api/users/me') {
  const answers = await Promise.all(
    portal.replicas.map(({ url }) => {
      const browser = new HttpClient(url, portal.url)
      browser.cookie = cookie
      return browser.get(path)
    }),
  )
  return answers.map(({ status, json }) => (status === 200 ? 200 : `${status} ${json.code}`))
}
const ok = [200, 200]
const ended = ['401 auth.session_ended', '401 auth.session_ended']

/** What has to hold whatever becomes of the shared cache, by people who are signed in already. */
function itHolds(cast: () => Awaited<ReturnType<typeof somebody>>[]): void {
  it('lists the sessions, ends one, and then the others', async () => {
    const [{ browsers } = { browsers: [] }] = cast()
    const [here, second, third] = browsers as [HttpClient, HttpClient, HttpClient]
    const { items } = (await here.get('/api/users/me/sessions')).json
    expect(items).toHaveLength(3)
    for (const one of browsers) expect(await atBoth(one)).toEqual(ok)
    const own = (await second.get('/api/users/me/sessions')).json.items as { id: string; current: boolean }[]
    const { id } = own.find(({ current }) => current) ?? { id: '' }
    expect((await here.delete(`/api/users/me/sessions/${id}`)).status).toBe(204)
    expect(await atBoth(second)).toEqual(ended)
    expect(await atBoth(third)).toEqual(ok)
    expect((await here.delete('/api/users/me/sessions')).status).toBe(204)
    expect(await atBoth(third)).toEqual(ended)
    expect(await atBoth(here)).toEqual(ok)
  })

  it('takes a membership away, and gives the session a new token whose former one goes on for a while', async () => {
    const [, { id, browsers } = { id: '', browsers: [] }] = cast()
    const [browser] = browsers as [HttpClient]
    expect(await atBoth(browser, '/api/tenants/acme')).toEqual(ok)
    expect((await boss.delete(`/api/tenants/acme/members/${id}`)).status).toBe(204)
    const gone = ['404 tenant.not_found', '404 tenant.not_found']
    expect(await atBoth(browser, '/api/tenants/acme')).toEqual(gone)
    const former = new HttpClient(portal.url, portal.url)
    former.cookie = browser.cookie
    expect((await browser.get('/api/auth/session')).status).toBe(200)
    expect(browser.cookie).not.toBe(former.cookie)
    for (const one of [browser, former]) expect(await atBoth(one)).toEqual(ok)
  })

  it('is ended by an operator', async () => {
    const [, , { id, browsers } = { id: '', browsers: [] }] = cast()
    expect((await boss.delete(`/api/users/${id}/sessions`)).status).toBe(204)
    for (const one of browsers) expect(await atBoth(one)).toEqual(ended)
  })

  it('disables somebody, whose sessions are over at once', async () => {
    const [, , , { id, browsers } = { id: '', browsers: [] }] = cast()
    expect((await boss.patch(`/api/users/${id}`, { status: 'disabled' })).status).toBe(200)
    const disabled = ['401 auth.user_disabled', '401 auth.user_disabled']
    for (const one of browsers) expect(await atBoth(one)).toEqual(disabled)
    expect((await boss.patch(`/api/users/${id}`, { status: 'active' })).status).toBe(200)
    for (const one of browsers) expect(await atBoth(one)).toEqual(ended)
  })

  it('signs out', async () => {
    const [, , , , { browsers } = { browsers: [] }] = cast()
    const [browser] = browsers as [HttpClient]
    const copy = new HttpClient(portal.url, portal.url)
    copy.cookie = browser.cookie
    expect((await browser.post('/api/auth/logout')).status).toBe(204)
    expect(await atBoth(copy)).toEqual(ended)
  })
}

async function newCast() {
  const cast = [await somebody(3), await somebody(), await somebody(2), await somebody(2), await somebody()]
  const member = { email: cast[1]?.email, role: 'member' }
  expect((await boss.post('/api/tenants/acme/members', member)).status).toBe(201)
  // The new token that a membership brings is had before.
  for (const browser of cast[1]?.browsers ?? []) await browser.get('/api/auth/session')
  return cast
}

describe.each(['with Redis', 'while Redis is away', 'with Redis back'])(
  'two replicas in turn, %s',
  (when) => {
    let cast: Awaited<ReturnType<typeof somebody>>[]
    beforeAll(async () => {
      if (when === 'with Redis back') await portal.redis?.resume()
      cast = await newCastOnceItAnswers()
      if (when === 'while Redis is away') await portal.redis?.interrupt()
    })
    itHolds(() => cast)
  },
)

/** Both replicas have to have found Redis again before anybody can sign in. */
async function newCastOnceItAnswers() {
  for (const { url } of portal.replicas)
    while ((await fetch(`${url}/ready`)).status !== 200) await new Promise((resolve) => setImmediate(resolve))
  return newCast()
}
