import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { startServices, type Services } from '../harness/all-services'
import { makeDatabase, type MadeDatabase } from '../harness/databases'
import type { HttpClient } from '../harness/http'
import { operatorEmail, password, startPortal, type Portal } from '../harness/portal'
import { startRedis, type RedisServer } from '../harness/redis'

const patience = { timeout: 8_000, interval: 50 }

// On SQLite there is one process alone.
describe("a tenant's own connections at two replicas that share PostgreSQL and a Redis", () => {
  let made: MadeDatabase
  let redis: RedisServer
  let shared: Services
  let own: Services
  /** Takes calls, and works on nothing. */
  let front: Portal
  /** Works on all there is. */
  let worker: Portal
  let boss: HttpClient
  let bossAtWorker: HttpClient
  const slug = 'acme'
  const path = `/api/tenants/${slug}/connections`

  beforeAll(async () => {
    made = await makeDatabase('postgresql')
    redis = await startRedis()
    shared = await startServices()
    own = await startServices()
    const env = {
      REDIS_URL: redis.url,
      INTEGRATIONS_ALLOW_PRIVATE: 'on',
      AUTHENTIK_API_URL: shared.authentik.url,
      AUTHENTIK_API_TOKEN: shared.authentik.token,
    }
    front = await startPortal(made.url, { env })
    worker = await startPortal(made.url, { env })
    worker.container.reconciler.start()
    boss = await front.operator()
    bossAtWorker = worker.browser()
    await bossAtWorker.post('/api/auth/login', { email: operatorEmail, password })
    await boss.post('/api/tenants', { slug, name: 'Acme' })
  })
  afterAll(async () => {
    for (const portal of [front, worker]) await portal?.close()
    await redis?.stop()
    await made?.remove()
    expect([await shared.stop(), await own.stop()]).toEqual([[], []])
  })

  const put = (token: string) =>
    boss.put(`${path}/authentik`, {
      apiUrl: own.authentik.url,
      credential: { kind: 'token', token },
    })
  const steps = async () => {
    const shown = (await boss.get(`/api/tenants/${slug}/provisioning`)).json.steps
    return shown as { step: string; status: string; error?: string }[]
  }
  const failure = async () => (await steps()).find(({ step }) => step === 'group')?.error
  const settled = () =>
    expect
      .poll(async () => (await steps()).filter(({ status }) => !/ok|skipped/.test(status)), patience)
      .toEqual([])
  const groupsOf = ({ authentik }: Services) => authentik.groups().map(({ name }) => name)

  it('is used by the next run of the one where it was not set', async () => {
    await settled()
    expect(groupsOf(shared)).toEqual([slug])
    shared.authentik.reset()
    expect((await put(own.authentik.token)).status).toBe(200)
    await expect.poll(() => groupsOf(own), patience).toEqual([slug])
    await settled()
    expect(groupsOf(shared)).toEqual([])
    expect((await bossAtWorker.get(path)).json.items).toMatchObject([{ apiUrl: own.authentik.url }])
    // The stored credential can be tried from either.
    const tested = await bossAtWorker.post(`${path}/authentik/test`, {})
    expect(tested.json).toMatchObject({ ok: true })
    expect((await boss.get(path)).json.items[0].testedAt).not.toBeNull()
  })

  it('has a new credential that was set at the other, though the old one is refused from then on', async () => {
    own.authentik.changeToken('a-rotated-token')
    await boss.post(`/api/tenants/${slug}/reconcile`, {})
    await expect.poll(failure, patience).toContain('Authentik refused')
    expect((await put('a-rotated-token')).status).toBe(200)
    await settled()
    own.authentik.removeGroup(own.authentik.groups()[0]?.pk ?? '')
    await boss.post(`/api/tenants/${slug}/reconcile`, {})
    await expect.poll(() => groupsOf(own), patience).toEqual([slug])
    await settled()
  })

  it('is heard of at both, by the stream of the steps that every change of one asks for', async () => {
    const { sequence } = (await boss.get(`/api/tenants/${slug}/provisioning`)).json
    const leave = new AbortController()
    const heard = await Promise.all(
      [boss, bossAtWorker].map(async ({ url, cookie = '' }) => {
        const events = `${url}/api/tenants/${slug}/provisioning/events?lastEventId=${sequence}`
        const response = await fetch(events, { headers: { cookie }, signal: leave.signal })
        const reader = response.body!.pipeThrough(new TextDecoderStream()).getReader()
        return async () => {
          for (let text = ''; ;) {
            const { value, done } = await reader.read()
            if (done) return false
            text += value
            if (text.includes('"service":"authentik"')) return true
          }
        }
      }),
    )
    expect((await put(own.authentik.token)).status).toBe(200)
    expect(await Promise.all(heard.map((hear) => hear()))).toEqual([true, true])
    leave.abort()
    await settled()
  })

  it('is used no more once it was removed at the other', async () => {
    own.authentik.reset()
    expect((await boss.delete(`${path}/authentik`)).status).toBe(204)
    await expect.poll(() => groupsOf(shared), patience).toEqual([slug])
    await settled()
    expect(groupsOf(own)).toEqual([])
    expect(Object.values(own.authentik.calls()).reduce((sum, count) => sum + count)).toBe(0)
    expect((await bossAtWorker.post(`${path}/authentik/test`, {})).status).toBe(404)
  })
})
