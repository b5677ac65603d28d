import { afterAll, afterEach, beforeAll, beforeEach, expect, it } from 'vitest'
import { createLog } from '#server/lib/log'
import { startServices, type Services } from '../harness/all-services'
import { describeEachDatabase } from '../harness/databases'
import { startGate, type Gate } from '../harness/gate'
import type { HttpClient } from '../harness/http'
import { startPortal, TestClock, type Portal } from '../harness/portal'

const patience = { timeout: 8_000, interval: 50 }

describeEachDatabase("a tenant's own connection that is changed", (given) => {
  const clock = new TestClock()
  let shared: Services
  let own: Services
  let gate: Gate
  let portal: Portal
  let boss: HttpClient
  let lines: string[]
  let count = 0

  beforeAll(async () => {
    shared = await startServices()
    own = await startServices()
    gate = await startGate(own.authentik.url)
  })
  afterAll(async () => {
    await gate.stop()
    expect([await shared.stop(), await own.stop()]).toEqual([[], []])
  })
  beforeEach(async () => {
    shared.reset()
    own.reset()
    lines = []
    portal = await startPortal(given.url, {
      clock,
      log: createLog('warn', { write: (line) => void lines.push(line) }),
      env: {
        INTEGRATIONS_ALLOW_PRIVATE: 'on',
        AUTHENTIK_API_URL: shared.authentik.url,
        AUTHENTIK_API_TOKEN: shared.authentik.token,
        DELETE_GRACE_SECONDS: '60',
      },
    })
    boss = await portal.operator()
    portal.container.reconciler.start()
  })
  afterEach(async () => {
    gate.open()
    await portal.close()
  })

  async function scene() {
    const slug = `moved-${(count += 1)}`
    const { id } = (await boss.post('/api/tenants', { slug, name: slug, plan: 'pro' })).json
    const at = `/api/tenants/${slug}`
    const steps = async () =>
      (await boss.get(`${at}/provisioning`)).json.steps as {
        service: string
        step: string
        status: string
        reason?: string
        error?: string
      }[]
    const step = async (name: string) => (await steps()).find((one) => `${one.service}/${one.step}` === name)
    const settled = () =>
      expect
        .poll(async () => (await steps()).filter(({ status }) => /pending|running/.test(status)), patience)
        .toEqual([])
    const put = (apiUrl: string, token = own.authentik.token) =>
      boss.put(`${at}/connections/authentik`, { apiUrl, credential: { kind: 'token', token } })
    const newestRun = async () => (await boss.get(`${at}/runs`)).json.items[0] as { status: string }
    const former = async () => (await boss.get(`${at}/connections`)).json.former
    await settled()
    return { id: id as string, slug, at, step, settled, put, newestRun, former }
  }
  const groupsOf = ({ authentik }: Services) => authentik.groups().map(({ name }) => name)

  it('in the middle of a run has the run go on with the new credential, and no breaker opens', async () => {
    const old = own.authentik.token
    const mine = await scene()
    gate.close()
    await mine.put(gate.url, old)
    await expect.poll(() => gate.waiting(), patience).toBeGreaterThan(0)
    expect((await mine.step('authentik/group'))?.status).toBe('running')

    own.authentik.changeToken(`${old}-rotated`)
    expect((await mine.put(gate.url, `${old}-rotated`)).status).toBe(200)
    gate.open()
    await mine.settled()
    expect(await mine.step('authentik/group')).toMatchObject({ status: 'ok' })
    expect((await mine.step('authentik/members'))?.error).toBeUndefined()
    expect(await mine.newestRun()).toMatchObject({ status: 'done' })
    expect(groupsOf(own)).toEqual([mine.slug])
    const services = await portal.container.servicesOf(mine.id)
    expect(services.gate('authentik').breaker.state).toBe('closed')
    expect(portal.container.gate('authentik').breaker.state).toBe('closed')
    expect(lines.join('\n')).toContain('Authentik refused')
  })
})
