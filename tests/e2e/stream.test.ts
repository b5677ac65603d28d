import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { startServices, type Lab } from '../../scripts/lab/services'
import type { ProvisioningStep } from '#shared/contracts/provisioning'
import { startAlternating, type Alternating } from '../harness/alternating'
import { HttpClient } from '../harness/http'
import { browserAt, email, eventually, password } from './scene'

interface Event {
  id: number
  status: string
  step: ProvisioningStep
}

let lab: Lab
let portal: Alternating
let boss: HttpClient

beforeAll(async () => {
  // Slow enough for a run to be watched while it goes.
  lab = await startServices({ port: 0, stalwart: 'jmap', files: 'ocis', delayMs: 60 })
  portal = await startAlternating({ env: lab.environment, withRedis: true })
  boss = new HttpClient(portal.url, portal.url)
  expect((await boss.post('/api/setup', { name: 'Olga Operator', email, password })).status).toBe(201)
})
afterAll(async () => {
  await portal?.stop()
  await lab?.stop()
})

const at = (which: 0 | 1) => browserAt(portal.replicas[which], boss)
const pathOf = (slug: string) => `/api/tenants/${slug}/provisioning/events`
const keyOf = ({ service, step }: ProvisioningStep) => `${service}/${step}`

async function createTenant(slug: string, which: 0 | 1): Promise<void> {
  expect((await at(which).post('/api/tenants', { slug, name: slug })).status).toBe(201)
}

async function shown(slug: string, which: 0 | 1) {
  const { json } = await at(which).get(`/api/tenants/${slug}/provisioning`)
  return json as { status: string; sequence: number; steps: ProvisioningStep[] }
}

interface Watching {
  /** The event behind which it goes on; undefined: from the first one. */
  after?: number | undefined
  /** Cuts the connection when so many bytes have come, in the middle of an event too. */
  cutAfterBytes?: number
  /** Leaves when it has seen this one. */
  until?: (event: Event) => Promise<boolean> | boolean
}

/** What whole events a browser gets of one connection, as EventSource reads them: half an event is none. */
async function watch(browser: HttpClient, slug: string, how: Watching): Promise<Event[]> {
  const { after, cutAfterBytes = Infinity, until = () => false } = how
  const cut = new AbortController()
  const events: Event[] = []
  const decoder = new TextDecoder()
  let bytes = 0
  let text = ''
  try {
    const response = await fetch(`${browser.url}${pathOf(slug)}`, {
      headers: {
        cookie: browser.cookie ?? '',
        ...(after !== undefined && { 'last-event-id': String(after) }),
      },
      signal: cut.signal,
    })
    expect(response.status).toBe(200)
    for await (const chunk of response.body ?? []) {
      const taken = chunk.subarray(0, cutAfterBytes - bytes)
      bytes += taken.length
      const messages = (text + decoder.decode(taken, { stream: true })).split('\n\n')
      text = messages.pop() ?? ''
      for (const message of messages) {
        const field = (name: string) => new RegExp(`^${name}: (.*)$`, 'm').exec(message)?.[1]
        const data = field('data')
        if (data === undefined) continue
        expect(field('event')).toBe('step')
        const event = { id: Number(field('id')), ...(JSON.parse(data) as Omit<Event, 'id'>) }
        events.push(event)
        if (await until(event)) return events
      }
      if (bytes >= cutAfterBytes) return events
    }
    return events
  } catch (error) {
    // The server is gone, and the connection with it.
    if (error instanceof TypeError) return events
    throw error
  } finally {
    cut.abort()
  }
}

/** Whether an event is the last one of a run that has ended. */
const isLast =
  (slug: string, which: 0 | 1) =>
  async ({ id, status }: Event) => {
    if (status !== 'active') return false
    const now = await shown(slug, which)
    return now.status === 'active' && now.sequence === id
  }

/** Nothing twice, nothing in another order, and of every step the state that it ended in. */
async function expectWhole(slug: string, events: Event[]): Promise<void> {
  const ids = events.map(({ id }) => id)
  expect(ids).toEqual([...new Set(ids)].toSorted((one, other) => one - other))
  const { steps } = await shown(slug, 0)
  const lastSeen = new Map(events.map(({ step }) => [keyOf(step), step]))
  expect([...lastSeen.keys()].sort()).toEqual(steps.map(keyOf).sort())
  for (const step of steps) expect(lastSeen.get(keyOf(step))).toEqual(step)
  expect(steps.map(({ status }) => status)).toEqual(Array(7).fill('ok'))
}

it('brings what happens on one replica to a browser of the other, as it happens', async () => {
  await createTenant('acme', 0)
  const events = await watch(at(1), 'acme', { until: isLast('acme', 1) })
  await expectWhole('acme', events)
  expect(events.some(({ step, status }) => step.status === 'running' && status === 'pending')).toBe(true)

  const { sequence } = await shown('acme', 0)
  const asked = await at(0).post('/api/tenants/acme/reconcile', {})
  expect(asked.status).toBe(202)
  const more = await watch(at(1), 'acme', { after: sequence, until: isLast('acme', 1) })
  expect(more[0]?.id).toBeGreaterThan(sequence)
  expect(new Set(more.map(({ step }) => keyOf(step))).size).toBe(7)
})

it('has no gap and nothing twice where it is cut at many places, and goes on at the other replica each time', async () => {
  await createTenant('globex', 1)
  const events: Event[] = []
  let connections = 0
  // Within the greeting, within the first event, at its end, behind some.
  const places = [3, 14, 40, 120, 260, 300, 420, 700]
  for (;;) {
    const which = connections % 2 === 0 ? 0 : 1
    const now = await shown('globex', which)
    if (now.status === 'active' && now.sequence === events.at(-1)?.id) break
    events.push(
      ...(await watch(at(which), 'globex', {
        after: events.at(-1)?.id,
        cutAfterBytes: places[connections % places.length] ?? 0,
        until: isLast('globex', which),
      })),
    )
    connections += 1
  }
  await expectWhole('globex', events)
  expect(connections).toBeGreaterThan(places.length)
})

it('goes on at the other replica where its own is killed in the middle of the run', async () => {
  await createTenant('initech', 0)
  const before: Event[] = []
  const seen = (event: Event) => event.step.status === 'running'
  before.push(...(await watch(at(0), 'initech', { until: seen })))
  const cut = watch(at(0), 'initech', { after: before.at(-1)?.id })
  await portal.end(0, 'SIGKILL')
  before.push(...(await cut))
  const after = await watch(at(1), 'initech', { after: before.at(-1)?.id, until: isLast('initech', 1) })
  await portal.restart(0)
  await expectWhole('initech', [...before, ...after])
  expect(lab.fakes.authentik.groups().filter(({ name }) => name === 'initech')).toHaveLength(1)
  expect(lab.fakes.files.drives().filter(({ name }) => name === 'initech')).toHaveLength(1)
})

describe('a Last-Event-ID', () => {
  const ask = async (which: 0 | 1, lastEventId: string) => {
    const leave = new AbortController()
    const { status, headers } = await fetch(`${portal.replicas[which].url}${pathOf('hooli')}`, {
      headers: { cookie: boss.cookie ?? '', 'last-event-id': lastEventId },
      signal: leave.signal,
    })
    leave.abort()
    return { status, type: headers.get('content-type') }
  }

  beforeAll(async () => {
    await createTenant('hooli', 0)
    await eventually(async () => expect((await shown('hooli', 1)).status).toBe('active'))
  })

  it.each(['garbage', 'null', '-1', '1.5', '2147483648', '9'.repeat(400), '1; DROP TABLE', '{}'])(
    'that is garbage is refused: %s',
    async (lastEventId) => {
      for (const which of [0, 1] as const)
        expect(await ask(which, lastEventId)).toEqual({ status: 422, type: 'application/problem+json' })
    },
  )

  it('from the future, or of another tenant that is farther, gets everything', async () => {
    const whole = await watch(at(0), 'hooli', { until: isLast('hooli', 0) })
    await expectWhole('hooli', whole)
    const foreign = (await shown('acme', 0)).sequence
    expect(foreign).toBeGreaterThan(whole.at(-1)?.id ?? 0)
    for (const after of [2 ** 31 - 1, foreign])
      for (const which of [0, 1] as const)
        expect(await watch(at(which), 'hooli', { after, until: isLast('hooli', which) })).toEqual(whole)
  })

  it('that is the newest gets nothing until something happens', async () => {
    const { sequence } = await shown('hooli', 0)
    const next = watch(at(1), 'hooli', { after: sequence, until: () => true })
    await at(0).post('/api/tenants/hooli/reconcile', {})
    const [event] = await next
    expect(event?.id).toBeGreaterThan(sequence)
  })
})

it('tells nothing of a tenant to who is not in it, whatever they say they have seen', async () => {
  const person = { name: 'Mallory', email: 'mallory@example.org', password }
  expect((await boss.post('/api/users', person)).status).toBe(201)
  const mallory = new HttpClient(portal.url, portal.url)
  expect((await mallory.post('/api/auth/login', { email: person.email, password })).status).toBe(200)
  for (const headers of [undefined, { 'last-event-id': '1' }])
    expect((await mallory.get(pathOf('acme'), headers)).status).toBe(404)
})
