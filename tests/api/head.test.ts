import { afterAll, beforeAll, expect, it } from 'vitest'
import { describeEachDatabase } from '../harness/databases'
import type { HttpClient } from '../harness/http'
import { claimInDatabase, TestMachine } from '../harness/machine'
import { startPortal, TestClock, type Portal } from '../harness/portal'

describeEachDatabase('a HEAD request', (given) => {
  const clock = new TestClock()
  let portal: Portal
  let boss: HttpClient
  let machine: TestMachine
  const path = '/api/tenants/acme'

  beforeAll(async () => {
    portal = await startPortal(given.url, { clock })
    boss = await portal.operator()
    await boss.post('/api/tenants', { slug: 'acme', name: 'Acme' })
    machine = new TestMachine('builder', 'http://localhost:3000', clock.now)
    await claimInDatabase(given.database.client, machine, { slug: 'acme', role: 'admin' })
  })
  afterAll(() => portal.close())

  /** Sends a request of one method with the proof of another, where one is said. */
  const send = (method: string, signed = method, at = path) =>
    machine.send(portal.browser().url, { method, path: at }, machine.prove({ method: signed, path: at }))

  it('is answered as GET is, without the body', async () => {
    const [get, head] = [await boss.get(path), await boss.send('HEAD', path)]
    expect([head.status, head.text]).toEqual([200, ''])
    for (const name of ['content-type', 'etag', 'cache-control'])
      expect([name, head.headers.get(name)]).toEqual([name, get.headers.get(name)])
    expect(head.headers.get('etag')).toMatch(/^"1\./)
    expect((await portal.browser().send('HEAD', path)).status).toBe(401)
    expect((await boss.send('HEAD', '/api/tenants/nowhere')).status).toBe(404)
    expect((await boss.send('HEAD', `${path}/suspend`)).status).toBe(405)
  })

  it('of a machine is let in by a proof of HEAD', async () => {
    const [head, get] = [await send('HEAD'), await send('GET')]
    expect([head.status, head.text, get.status]).toEqual([200, '', 200])
    expect(head.headers.get('etag')).toBe(get.headers.get('etag'))
    const proof = machine.prove({ method: 'HEAD', path })
    const again = () => machine.send(portal.browser().url, { method: 'HEAD', path }, proof)
    expect([(await again()).status, (await again()).status]).toEqual([200, 401])
    expect((await send('HEAD', 'HEAD', '/api/tenants/nowhere')).status).toBe(404)
    expect((await send('HEAD', 'HEAD', '/api/users')).status).toBe(403)
  })

  it('of a machine is refused by a proof of GET, and GET by one of HEAD', async () => {
    for (const [method, signed] of [
      ['HEAD', 'GET'],
      ['HEAD', 'head'],
      ['HEAD', 'POST'],
      ['GET', 'HEAD'],
    ] as const) {
      const { status, headers, json } = await send(method, signed)
      expect([method, signed, status]).toEqual([method, signed, 401])
      expect(headers.get('www-authenticate')).toBe('PoP error="invalid_proof"')
      if (method === 'GET') expect(json).toMatchObject({ code: 'pop.method_wrong' })
    }
  })

  it('tells a key on its own where its claim is, by a proof of HEAD as well', async () => {
    const at = '/api/identities/builder'
    expect([(await send('HEAD', 'HEAD', at)).status, (await send('HEAD', 'GET', at)).status]).toEqual([
      200, 401,
    ])
  })

  it('of a stream of events ends at once', async () => {
    const { status, headers, text } = await send('HEAD', 'HEAD', `${path}/provisioning/events`)
    expect([status, headers.get('content-type'), text]).toEqual([200, 'text/event-stream', ''])
  })
})
