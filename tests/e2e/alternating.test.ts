import { afterAll, beforeAll, expect, it } from 'vitest'
import { startAlternating, type Alternating } from '../harness/alternating'
import { HttpClient } from '../harness/http'
import { email, eventually, openStream, password } from './scene'

let portal: Alternating
let boss: HttpClient

beforeAll(async () => {
  portal = await startAlternating({ withRedis: true })
  boss = new HttpClient(portal.url, portal.url)
  expect((await boss.post('/api/setup', { name: 'Olga Operator', email, password })).status).toBe(201)
})
afterAll(() => portal?.stop())

/** The ids of requests that a replica has logged. */
const answeredBy = (which: 0 | 1) => portal.replicas[which].logs().join('\n')

it('gives requests in turn to two replicas, which are one portal', async () => {
  const ids: string[] = []
  for (let time = 0; time < 4; time += 1) {
    const { status, headers } = await boss.get('/api/me')
    expect(status).toBe(200)
    ids.push(headers.get('x-request-id') ?? 'none')
  }
  await eventually(() => {
    const [first, second] = [answeredBy(0), answeredBy(1)]
    const at = ids.map((id) => (first.includes(id) ? 'first' : second.includes(id) ? 'second' : 'nobody'))
    expect([...new Set(at)].sort()).toEqual(['first', 'second'])
    expect(at[0]).toBe(at[2])
    expect(at[0]).not.toBe(at[1])
  })
})

it('streams, keeps every cookie and says who asked', async () => {
  expect((await boss.post('/api/tenants', { slug: 'acme', name: 'Acme' })).status).toBe(201)
  expect((await openStream(boss, 'acme')).text()).not.toBe('')
  const away = new HttpClient(portal.url, portal.url)
  const login = { email, password }
  await away.post('/api/auth/login', login, { 'x-forwarded-for': '192.0.2.7' })
  const { items } = (await away.get('/api/users/me/sessions')).json
  expect(items[0].address).toBe('192.0.2.7')
})

it('serves on while one is away, and has it back in turn', async () => {
  await portal.end(0, 'SIGKILL')
  for (let time = 0; time < 3; time += 1) expect((await boss.get('/api/me')).status).toBe(200)
  await portal.restart(0)
  for (let time = 0; time < 3; time += 1) expect((await boss.get('/api/me')).status).toBe(200)
})
