import { afterAll, beforeAll, expect, it } from 'vitest'
import { describeEachDatabase } from '../harness/databases'
import { startPortal, type Portal } from '../harness/portal'

const token = 'a-token-for-scrapers-0123'

describeEachDatabase('GET /metrics', (given) => {
  let portal: Portal
  beforeAll(async () => {
    portal = await startPortal(given.url, { env: { METRICS_TOKEN: token } })
    const boss = await portal.operator()
    for (const slug of ['quince', 'medlar']) await boss.post('/api/tenants', { slug, name: slug })
  })
  afterAll(() => portal.close())
  const scrape = (authorization?: string) =>
    portal.browser().get('/metrics', authorization === undefined ? {} : { authorization })

  it('is for whoever has the token, and for nobody else', async () => {
    for (const wrong of [
      undefined,
      `Bearer ${token}x`,
      `Basic ${token}`,
      'Bearer ',
      `Bearer ${'x'.repeat(600)}`,
    ]) {
      const answer = await scrape(wrong)
      expect([answer.status, answer.json.code]).toEqual([401, 'metrics.token_refused'])
      expect(answer.headers.get('www-authenticate')).toBe('Bearer')
      expect(answer.text).not.toContain(token)
    }
    const operator = await portal.operator()
    expect((await operator.get('/metrics')).status).toBe(401)
  })

  it('tells of all tenants and of the process, and names nobody', async () => {
    const { status, text, headers } = await scrape(`Bearer ${token}`)
    expect(status).toBe(200)
    expect(headers.get('content-type')).toBe('text/plain; version=0.0.4; charset=utf-8')
    expect(headers.get('cache-control')).toBe('no-store')
    const figures = new Map(
      text
        .split('\n')
        .filter((line) => line && !line.startsWith('#'))
        .map(
          (line) =>
            [line.slice(0, line.lastIndexOf(' ')), Number(line.slice(line.lastIndexOf(' ')))] as const,
        ),
    )
    const inState = (state: string) => figures.get(`tenantry_tenants{status="${state}"}`) ?? 0
    expect(inState('pending') + inState('active')).toBe(2)
    expect(figures.get('tenantry_queue_steps_due')).toBeGreaterThanOrEqual(0)
    expect(figures.get('tenantry_queue_oldest_wait_seconds')).toBeGreaterThanOrEqual(0)
    expect(figures.get('process_resident_memory_bytes')).toBeGreaterThan(0)
    expect(text).not.toMatch(/example\.org|quince|medlar/)
  })

  it('forgets what is no more: a status without tenants has no figure', async () => {
    const of = async (state: string) =>
      (await scrape(`Bearer ${token}`)).text.includes(`tenantry_tenants{status="${state}"}`)
    const boss = await portal.operator()
    await boss.post('/api/tenants/quince/suspend')
    expect(await of('suspended')).toBe(true)
    await boss.post('/api/tenants/quince/resume')
    expect(await of('suspended')).toBe(false)
  })
})

describeEachDatabase('a portal without METRICS_TOKEN', (given) => {
  it('has no metrics, whatever is sent', async () => {
    const portal = await startPortal(given.url)
    try {
      for (const authorization of ['', 'Bearer ', 'Bearer undefined']) {
        const answer = await portal.browser().get('/metrics', { authorization })
        expect([answer.status, answer.json.code]).toEqual([404, 'route.not_found'])
      }
    } finally {
      await portal.close()
    }
  })
})
