import { afterAll, beforeAll, expect, it } from 'vitest'
import type { StepPlanner } from '#server/provisioning/step-planner.port'
import { describeEachDatabase } from '../harness/databases'
import type { HttpClient } from '../harness/http'
import { startPortal, type Portal } from '../harness/portal'

/** Reads a stream as a browser's EventSource does. */
async function watch(client: HttpClient, path: string, lastEventId?: string) {
  const leave = new AbortController()
  const response = await fetch(`${client.url}${path}`, {
    headers: {
      cookie: client.cookie ?? '',
      ...(lastEventId !== undefined && { 'last-event-id': lastEventId }),
    },
    signal: leave.signal,
  })
  const events: { id: number; service: string; status: string }[] = []
  const reading = (async () => {
    let text = ''
    for await (const chunk of response.body?.pipeThrough(new TextDecoderStream()) ?? []) {
      const messages = `${text}${chunk}`.split('\n\n')
      text = messages.pop() ?? ''
      for (const message of messages) {
        const field = (name: string) => new RegExp(`^${name}: (.*)$`, 'm').exec(message)?.[1]
        const data = field('data')
        if (data) events.push({ id: Number(field('id')), ...JSON.parse(data).step })
      }
    }
  })().catch(() => undefined)
  return { response, events, ended: reading, leave: () => leave.abort() }
}

describeEachDatabase('the event stream of a tenant', (given) => {
  let portal: Portal
  let boss: HttpClient
  const path = '/api/tenants/streamed/provisioning/events'
  const group = { kind: 'group', name: 'streamed', externalId: 'group-1', fingerprint: '' }
  const authentik: StepPlanner = {
    service: 'authentik',
    step: 'group',
    plan: async () => ({ resources: [group], changes: [], notes: [] }),
  }

  beforeAll(async () => {
    portal = await startPortal(given.url, { planners: [authentik] })
    boss = await portal.operator()
    await boss.post('/api/tenants', { slug: 'streamed', name: 'Streamed' })
  })
  afterAll(() => portal.close())

  it('shows every step turn, and goes on behind the last one seen without a gap or a repetition', async () => {
    const first = await watch(boss, path)
    expect(first.response.headers.get('content-type')).toBe('text/event-stream')
    await expect.poll(() => first.events.map(({ status }) => status)).toEqual(Array(7).fill('pending'))
    portal.container.reconciler.start()
    await expect
      .poll(() => first.events.some(({ service, status }) => service === 'authentik' && status === 'ok'))
      .toBe(true)
    first.leave()

    const seen = first.events[2]?.id ?? 0
    const again = await watch(boss, path, String(seen))
    await expect.poll(() => new Set(again.events.map(({ service }) => service)).size).toBe(4)
    const ids = again.events.map(({ id }) => id)
    expect(ids).toEqual(ids.toSorted((a, b) => a - b))
    expect(Math.min(...ids)).toBeGreaterThan(seen)
    again.leave()
    expect((await boss.get(path.replace('events', 'events?lastEventId=x'))).status).toBe(422)
  })

  it('tells nothing more to somebody whose session has ended', async () => {
    const member = await portal.signedIn({ email: 'mona@example.org' })
    await boss.post('/api/tenants/streamed/members', { email: 'mona@example.org' })
    await expect
      .poll(async () => (await boss.get('/api/tenants/streamed/provisioning')).json.steps[0].status)
      .toBe('ok')
    const { sequence } = (await boss.get('/api/tenants/streamed/provisioning')).json
    const stream = await watch(member, path, String(sequence))
    await member.post('/api/auth/logout')
    await boss.post('/api/tenants/streamed/reconcile')
    await stream.ended
    expect(stream.events).toEqual([])
  })

  it('ends when the server drains', async () => {
    const stream = await watch(boss, path)
    portal.container.drain.abort()
    await stream.ended
    expect((await boss.get(path)).json.code).toBe('server.draining')
  })
})
