import { once } from 'node:events'
import { request } from 'node:http'
import { connect } from 'node:net'
import { randomUUID } from 'node:crypto'
import { afterAll, beforeAll, describe, expect, it, vi } from 'vitest'
import { newId } from '#server/lib/ids'
import { bodyLimitBytes } from '#server/http/body'
import type { MachineScope } from '#shared/contracts/machines'
import { describeEachDatabase } from '../harness/databases'
import { codeOf, type HttpClient } from '../harness/http'
import { claimInDatabase, TestMachine, type ProofChanges, type Standing } from '../harness/machine'
import { startPortal, TestClock, type Portal } from '../harness/portal'

describeEachDatabase('a call with a proof', (given) => {
  const clock = new TestClock()
  let portal: Portal
  let boss: HttpClient
  let count = 0
  const audience = 'http://localhost:3000'
  const tenantPath = '/api/tenants/acme'
  const db = () => given.database.client

  beforeAll(async () => {
    portal = await startPortal(given.url, { clock })
    boss = await portal.operator()
    for (const slug of ['acme', 'other']) await boss.post('/api/tenants', { slug, name: slug })
  })
  afterAll(() => portal.close())

  async function machineFor(standing: Partial<Standing> = {}) {
    const machine = new TestMachine(`machine-${(count += 1)}`, audience, clock.now)
    const ids = await claimInDatabase(db(), machine, { slug: 'acme', ...standing })
    const call = (method: string, path: string, body?: unknown, changes?: ProofChanges) =>
      machine.call(portal.browser().url, method, path, body, changes)
    return {
      machine,
      call,
      ...ids,
      get: (path: string, changes?: ProofChanges) => call('GET', path, undefined, changes),
    }
  }
  async function memberFor(role: 'member' | 'admin' | 'owner') {
    const email = `person-${(count += 1)}@example.org`
    const { id: userId } = (await boss.post('/api/users', { email, name: 'Pia' })).json
    await boss.post(`${tenantPath}/members`, { email, role })
    return { userId, remove: () => boss.delete(`${tenantPath}/members/${userId}`) }
  }

  describe('of a machine', () => {
    it('is let in to what its principal may, in its own tenant', async () => {
      const { get, call } = await machineFor()
      expect((await get(tenantPath)).json).toMatchObject({ slug: 'acme' })
      expect((await get(`${tenantPath}/members?limit=5`)).status).toBe(200)
      expect(codeOf(await call('PATCH', tenantPath, { name: 'Mine' }))).toEqual([403, 'access.denied'])
      expect(codeOf(await get('/api/tenants/other'))).toEqual([404, 'tenant.not_found'])
      expect(codeOf(await get('/api/tenants/nowhere'))).toEqual([404, 'tenant.not_found'])
    })

    it('has its body held against it, to the byte', async () => {
      const { machine, call } = await machineFor({ role: 'admin' })
      expect((await call('PATCH', tenantPath, { name: 'Acmé' })).status).toBe(200)
      const body = JSON.stringify({ name: 'Acme' })
      const proof = machine.prove({ method: 'PATCH', path: tenantPath, body })
      const changed = await machine.send(
        portal.browser().url,
        { method: 'PATCH', path: tenantPath, body: body.replace('A', 'a') },
        proof,
      )
      expect(codeOf(changed)).toEqual([401, 'pop.body_changed'])
      expect((await get(boss)).name).toBe('Acmé')
    })
    const get = async (client: HttpClient) => (await client.get(tenantPath)).json

    it('may do less than its role where scopes say so', async () => {
      const scopes: MachineScope[] = ['members:read']
      const machine = await machineFor({ role: 'owner', scopes })
      expect((await machine.get(`${tenantPath}/members`)).status).toBe(200)
      expect(codeOf(await machine.get(tenantPath))).toEqual([403, 'access.denied'])
    })

    it('may never do more than the member whose principal it is', async () => {
      const { userId, remove } = await memberFor('member')
      const { call, get } = await machineFor({ role: 'owner', userId })
      const rename = () => call('PATCH', tenantPath, { name: 'Renamed' })
      expect(codeOf(await rename())).toEqual([403, 'access.denied'])
      await boss.patch(`${tenantPath}/members/${userId}`, { role: 'admin' })
      expect((await rename()).status).toBe(200)
      await boss.patch(`/api/users/${userId}`, { status: 'disabled' })
      expect(codeOf(await get(tenantPath))).toEqual([403, 'principal.disabled'])
      await boss.patch(`/api/users/${userId}`, { status: 'active' })
      expect((await get(tenantPath)).status).toBe(200)
      await remove()
      expect(codeOf(await get(tenantPath))).toEqual([401, 'identity.revoked'])
    })

    it('is refused what is for people, whatever its role', async () => {
      const { get, call } = await machineFor({ role: 'owner' })
      for (const path of ['/api/users', '/api/tenants', '/api/users/me/sessions', '/api/subscriptions'])
        expect([path, ...codeOf(await get(path))]).toEqual([path, 403, 'access.denied'])
      expect(codeOf(await call('POST', '/api/tenants', { slug: 'mine', name: 'Mine' }))).toEqual([
        403,
        'access.denied',
      ])
    })

    it('is refused while its tenant is suspended, and let in again afterwards', async () => {
      await boss.post('/api/tenants', { slug: 'sleepy', name: 'Sleepy' })
      const { get } = await machineFor({ slug: 'sleepy' })
      expect((await get('/api/tenants/sleepy')).status).toBe(200)
      await boss.post('/api/tenants/sleepy/suspend', { reason: 'unpaid' })
      expect(codeOf(await get('/api/tenants/sleepy'))).toEqual([403, 'principal.tenant_rests'])
      await boss.post('/api/tenants/sleepy/resume')
      expect((await get('/api/tenants/sleepy')).status).toBe(200)
    })

    it('is refused where nobody has claimed it, or it was rejected', async () => {
      for (const status of ['pending', 'rejected'] as const) {
        const machine = new TestMachine(`machine-${(count += 1)}`, audience, clock.now)
        const now = clock.now()
        const id = newId()
        await db().identity.create({
          data: { id, handle: machine.handle, did: machine.did, status, keyChangedAt: now, createdAt: now },
        })
        await db().identityClaim.create({ data: { id: newId(), identityId: id, status, createdAt: now } })
        const answer = await machine.call(portal.browser().url, 'GET', tenantPath)
        expect([status, ...codeOf(answer)]).toEqual([status, 403, 'identity.unclaimed'])
      }
    })

    it('fails with its next call once it is revoked', async () => {
      const { get, identityId } = await machineFor()
      expect((await get(tenantPath)).status).toBe(200)
      await db().identity.update({
        where: { id: identityId },
        data: { status: 'revoked', revokedAt: clock.now() },
      })
      const answer = await get(tenantPath)
      expect(codeOf(answer)).toEqual([401, 'identity.revoked'])
      expect(answer.headers.get('www-authenticate')).toBe('PoP error="invalid_proof"')
    })

    it('is noted as used, to the minute', async () => {
      const { get, identityId } = await machineFor()
      const lastUsedAt = async () => {
        await portal.container.errands.settled()
        return (await db().identity.findUniqueOrThrow({ where: { id: identityId } })).lastUsedAt
      }
      await get(tenantPath)
      const first = await lastUsedAt()
      expect(first).toEqual(clock.now())
      clock.advance(59)
      await get(tenantPath)
      expect(await lastUsedAt()).toEqual(first)
      clock.advance(2)
      await get(tenantPath)
      expect(await lastUsedAt()).toEqual(clock.now())
    })
  })

  describe('that does not hold', () => {
    it('is refused with a code of its own for each check, and told nothing else', async () => {
      const { get, machine } = await machineFor()
      const other = await machineFor()
      const seconds = Math.floor(clock.now().getTime() / 1000)
      const stranger = new TestMachine(machine.handle, audience, clock.now)
      const cases: [string, ProofChanges][] = [
        ['pop.alg_refused', { header: { alg: 'HS256' } }],
        ['pop.malformed', { header: { kid: '1' } }],
        ['pop.key_invalid', { claims: { iss: 'did:key:z6Mk' } }],
        ['pop.signature_invalid', { key: stranger.privateKey }],
        ['pop.audience_wrong', { claims: { aud: 'https://elsewhere.example' } }],
        ['pop.expired', { claims: { iat: seconds - 90, exp: seconds - 30 } }],
        ['pop.life_too_long', { claims: { exp: seconds + 61 } }],
        ['pop.not_yet_valid', { claims: { iat: seconds + 45, exp: seconds + 60 } }],
        ['pop.method_wrong', { claims: { htm: 'POST' } }],
        ['pop.path_wrong', { claims: { htu: `${tenantPath}?` } }],
        ['pop.body_changed', { claims: { body_sha256: '0'.repeat(64) } }],
        ['pop.claims_missing', { claims: { jti: undefined } }],
        ['pop.subject_wrong', { claims: { sub: other.machine.handle } }],
        ['pop.identity_unknown', { claims: { iss: stranger.did }, key: stranger.privateKey }],
      ]
      for (const [code, changes] of cases) {
        const answer = await get(tenantPath, changes)
        expect(codeOf(answer)).toEqual([401, code])
        expect(answer.headers.get('www-authenticate')).toBe('PoP error="invalid_proof"')
        expect(answer.text).not.toContain(machine.did)
      }
    })

    it('leaves a line in the audit and no mark in the cache where its key is a stranger’s', async () => {
      const stranger = new TestMachine('stranger', audience, clock.now)
      const marks = () => db().cacheEntry.count({ where: { key: { startsWith: 'pop:' } } })
      const lines = () => db().auditEntry.count({ where: { action: 'proof.refused' } })
      clock.advance(3600)
      const before = [await marks(), await lines()]
      const answer = await stranger.call(portal.browser().url, 'GET', tenantPath)
      expect(codeOf(answer)).toEqual([401, 'pop.identity_unknown'])
      expect([await marks(), await lines()]).toEqual([before[0], (before[1] ?? 0) + 1])
    })

    it('is refused beside a cookie, another header, or under another scheme', async () => {
      const { machine } = await machineFor()
      const prove = () => machine.prove({ method: 'GET', path: tenantPath })
      const withCookie = await boss.get(tenantPath, { authorization: `PoP ${prove()}` })
      expect(codeOf(withCookie)).toEqual([400, 'auth.ambiguous'])
      expect(withCookie.headers.get('www-authenticate')).toBe('PoP error="invalid_request"')
      expect(await raw(tenantPath, [`PoP ${prove()}`, `PoP ${prove()}`])).toEqual([400, 'auth.ambiguous'])
      expect(await raw(tenantPath, ['Basic eDp5', `PoP ${prove()}`])).toEqual([400, 'auth.ambiguous'])
      expect(await raw(tenantPath, [`Bearer ${prove()}`, `PoP ${prove()}`])).toEqual([400, 'auth.ambiguous'])
      expect(await raw(tenantPath, [`Signature ${prove()}`])).toEqual([401, 'auth.required'])
      expect((await raw(tenantPath, [`Bearer ${prove()}`]))[0]).toBe(401)
      for (const header of ['PoP', 'PoP ', 'PoP x', `PoP ${prove()}, PoP ${prove()}`, `PoP "${prove()}"`])
        expect([header, ...(await raw(tenantPath, [header]))]).toEqual([header, 401, 'pop.malformed'])
      expect(await raw(tenantPath, [`pop   ${prove()} `])).toEqual([200, undefined])
    })

    it('of 1 MB is refused, at once, and others are served', async () => {
      const begun = performance.now()
      const told = await firstWords(`PoP ${'A'.repeat(1_000_000)}`)
      // The connection may be gone before the answer was read.
      expect(['', 'HTTP/1.1 431']).toContain(told)
      expect(performance.now() - begun).toBeLessThan(2_000)
      const large = `PoP ${'A'.repeat(12_000)}.e30.${'A'.repeat(86)}`
      expect(await raw(tenantPath, [large])).toEqual([401, 'pop.malformed'])
      expect((await (await machineFor()).get(tenantPath)).status).toBe(200)
    })

    /** The beginning of what a connection that sends this header is told until it ends. */
    function firstWords(authorization: string): Promise<string> {
      const { hostname, port } = new URL(portal.browser().url)
      const socket = connect(Number(port), hostname)
      let text = ''
      return new Promise((resolve) => {
        socket
          .on('data', (chunk: Buffer) => (text += chunk.toString()))
          .on('error', () => undefined)
          .on('close', () => resolve(text.slice(0, 12)))
          .end(`GET ${tenantPath} HTTP/1.1\r\nHost: x\r\nAuthorization: ${authorization}\r\n\r\n`)
      })
    }

    it('with a body over the limit is refused before that is hashed', async () => {
      const { call } = await machineFor({ role: 'admin' })
      const name = 'x'.repeat(bodyLimitBytes)
      expect(codeOf(await call('PATCH', tenantPath, { name }))).toEqual([413, 'request.too_large'])
    })

    async function raw(path: string, authorization: string[]): Promise<[number, string | undefined]> {
      const url = new URL(path, portal.browser().url)
      const headers = authorization.flatMap((value) => ['Authorization', value])
      const sent = request(url, { headers: ['Host', url.host, ...headers] }).end()
      const [answer] = (await once(sent, 'response')) as [NodeJS.ReadableStream & { statusCode: number }]
      const parts: Buffer[] = []
      for await (const part of answer) parts.push(part as Buffer)
      const text = Buffer.concat(parts).toString()
      return [answer.statusCode, text.startsWith('{') ? JSON.parse(text).code : undefined]
    }
  })

  describe('that was used before', () => {
    it('is refused, for as long as it would hold', async () => {
      const { machine, get } = await machineFor()
      const proof = machine.prove({ method: 'GET', path: tenantPath })
      const send = () => machine.send(portal.browser().url, { method: 'GET', path: tenantPath }, proof)
      expect((await send()).status).toBe(200)
      expect(codeOf(await send())).toEqual([401, 'pop.replayed'])
      clock.advance(59)
      expect(codeOf(await send())).toEqual([401, 'pop.replayed'])
      clock.advance(1)
      expect(codeOf(await send())).toEqual([401, 'pop.expired'])
      const jti = randomUUID()
      expect((await get(tenantPath, { claims: { jti } })).status).toBe(200)
      const again = await get(`${tenantPath}/members`, { claims: { jti: jti.toUpperCase() } })
      expect(codeOf(again)).toEqual([401, 'pop.replayed'])
    })

    it('is accepted once of 50 at once, over two replicas that share the database', async () => {
      const second = await startPortal(given.url, { clock })
      try {
        const { machine } = await machineFor()
        const proof = machine.prove({ method: 'GET', path: tenantPath })
        const urls = [portal.browser().url, second.browser().url]
        const answers = await Promise.all(
          Array.from({ length: 50 }, (_, n) =>
            machine.send(urls[n % 2] ?? '', { method: 'GET', path: tenantPath }, proof),
          ),
        )
        const statuses = answers.map(({ status, json }) => (status === 200 ? 'let in' : json.code)).sort()
        expect(statuses).toEqual(['let in', ...Array.from({ length: 49 }, () => 'pop.replayed')])
      } finally {
        await second.close()
      }
    })
  })

  it('stands for its machine as long as a stream of events is open, and ends it when that is revoked', async () => {
    const { machine, identityId } = await machineFor()
    const path = `${tenantPath}/provisioning/events`
    const leave = new AbortController()
    const response = await fetch(portal.browser().url + path, {
      headers: { authorization: `PoP ${machine.prove({ method: 'GET', path })}` },
      signal: leave.signal,
    })
    expect(response.status).toBe(200)
    const reader = response.body?.getReader()
    expect((await reader?.read())?.done).toBe(false)
    await db().identity.update({ where: { id: identityId }, data: { status: 'revoked' } })
    await boss.post(`${tenantPath}/provisioning/reconcile`, {})
    await vi.waitFor(async () => expect((await reader?.read())?.done).toBe(true), { timeout: 30_000 })
    leave.abort()
  })
})
