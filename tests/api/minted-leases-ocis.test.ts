import { afterAll, beforeAll, beforeEach, expect, it, vi } from 'vitest'
import { settleLeases } from '#server/domain/vaults/vaults'
import { startOcisFake, type OcisFake } from '#server/integrations/ocis/fake'
import { describeEachDatabase } from '../harness/databases'
import { codeOf, type HttpClient } from '../harness/http'
import { claimInDatabase, TestMachine } from '../harness/machine'
import { startPortal, TestClock, type Portal } from '../harness/portal'
import { silent } from '../harness/provisioning'

const viewer = 'a8d5fe5e-96e3-418d-825b-534dbdf22b99'

for (const flavour of ['ocis', 'opencloud'] as const)
  describeEachDatabase(`leases of tokens minted at ${flavour}`, (given) => {
    const clock = new TestClock()
    let portal: Portal
    let fake: OcisFake
    let operator: HttpClient
    let count = 0
    const db = () => given.database.client

    beforeAll(async () => {
      fake = await startOcisFake({ flavour, clock, impersonates: true, tokenSeconds: 10_000_000 })
      const { clientId, clientSecret } = fake.credentials
      portal = await startPortal(given.url, {
        clock,
        env: {
          OCIS_API_URL: fake.url,
          OCIS_CLIENT_ID: clientId,
          OCIS_CLIENT_SECRET: clientSecret,
          OCIS_TOKEN_URL: fake.tokenUrl,
          SWEEP_INTERVAL_SECONDS: '0',
          INTEGRATIONS_ALLOW_PRIVATE: 'on',
        },
      })
      operator = await portal.operator()
      portal.container.reconciler.start()
    })
    beforeEach(async () => {
      fake.faults.clear()
      Object.assign(fake.settings, { impersonates: true, takesAppTokens: true })
      await db().secretLease.deleteMany()
      for (const { id } of fake.users()) fake.removeUser(id)
    })
    afterAll(async () => {
      await portal?.close()
      await fake?.stop()
      expect(fake?.violations()).toEqual([])
    })

    const settle = () =>
      settleLeases(portal.container.scopes.platform('test'), {
        places: portal.container.mintPlaces,
        log: silent,
      })
    const settled = () =>
      vi.waitFor(async () => {
        const open = { status: { notIn: ['ok' as const, 'skipped' as const] } }
        expect(await db().provisioningStep.count({ where: open })).toBe(0)
        expect(await db().provisioningRun.count({ where: { status: 'running' } })).toBe(0)
      }, 20_000)
    /** As whoever has a token. */
    const use = async ({ account, token }: { account: string; token: string }, path = 'v1.0/me') => {
      const authorization = `Basic ${Buffer.from(`${account}:${token}`).toString('base64')}`
      return (await fetch(`${fake.url}/graph/${path}`, { headers: { authorization } })).status
    }

    /** A tenant with its space, and a machine that may have tokens. */
    async function scene() {
      const slug = `acme-${(count += 1)}`
      const { id: tenantId } = (await operator.post('/api/tenants', { slug, name: slug })).json
      await settled()
      const made = new TestMachine(`machine-${count}`, 'http://localhost:3000', clock.now)
      const { vaultId } = await claimInDatabase(db(), made, { slug, scopes: ['secrets:lease'] })
      const call = (method: string, path: string, body?: unknown) =>
        made.call(operator.url, method, path, body)
      const ask = () =>
        call('POST', `/api/vaults/${vaultId}/leases`, {
          ...{ kind: 'minted', service: 'ocis', ttlSeconds: 600, purpose: 'nightly copy' },
        })
      const space = () => fake.drives().find(({ name }) => name === slug)
      const viewers = () => space()?.grants.filter(({ roles }) => roles.includes(viewer)) ?? []
      const drive = () => `v1.0/drives/${encodeURIComponent(space()?.id ?? '').replaceAll('!', '%21')}`
      const shown = async (id: string) => (await call('GET', `/api/leases/${id}`)).json
      return { slug, tenantId, call, ask, viewers, drive, shown }
    }

    it('let in to the tenant’s space until they are given back', async () => {
      const { ask, call, drive, viewers, shown, tenantId } = await scene()
      const { status, json } = await ask()
      expect([status, json]).toMatchObject([
        201,
        { kind: 'minted', service: 'ocis', place: null, account: `tenantry-lease-${tenantId}-${json.id}` },
      ])
      expect([await use(json), await use(json, drive()), viewers().length]).toEqual([200, 200, 1])
      const { token, ...lease } = json
      expect((await call('GET', `/api/leases/${json.id}`)).json).toEqual(lease)
      const kept = [
        await db().secretLease.findMany(),
        await db().auditEntry.findMany({ where: { tenantId } }),
      ]
      expect(JSON.stringify(kept)).not.toContain(token)
      expect(codeOf(await call('POST', `/api/leases/${json.id}/renew`, { ttlSeconds: 600 }))).toEqual([
        ...[409, 'lease.not_renewable'],
      ])
      expect((await call('DELETE', `/api/leases/${json.id}`)).status).toBe(204)
      expect(await settle()).toBe(1)
      expect([await use(json), viewers(), fake.users()]).toEqual([401, [], []])
      expect(await shown(json.id)).toMatchObject({ status: 'revoked', settled: true, trouble: null })
    })

    it.each(['by themselves', 'with the suspended tenant'])('end %s', async (how) => {
      const { ask, slug } = await scene()
      const { json } = await ask()
      if (how === 'by themselves') clock.advance(600)
      else await operator.post(`/api/tenants/${slug}/suspend`)
      if (how === 'by themselves') expect(await use(json)).toBe(401)
      expect(await settle()).toBe(1)
      expect([await use(json), fake.users()]).toEqual([401, []])
    })

    it('are no drift and nobody’s to be taken out', async () => {
      const { ask, slug, viewers } = await scene()
      const { json } = await ask()
      const sweep = async () => {
        clock.advance(10)
        await operator.post('/api/operator/sweep')
        await portal.container.sweeper.work()
        return (await operator.get(`/api/tenants/${slug}/drift`)).json.items
      }
      expect(await sweep()).toEqual([])
      await operator.post(`/api/tenants/${slug}/reconcile`, {})
      await settled()
      expect([await use(json), viewers().length]).toEqual([200, 1])
      expect(await sweep()).toEqual([])
    })

    it.each([
      [{ impersonates: false }, 'AUTH_APP_ENABLE_IMPERSONATION=true'],
      [{ takesAppTokens: false }, 'PROXY_ENABLE_APP_AUTH=true'],
    ])(
      'are refused where the server is set up with %j, and it is said what to do',
      async (settings, words) => {
        const { ask, viewers } = await scene()
        Object.assign(fake.settings, settings)
        const answer = await ask()
        expect(codeOf(answer)).toEqual([422, 'lease.not_mintable'])
        expect(answer.json.detail).toContain(words)
        expect(await settle()).toBe(0)
        expect([fake.users(), viewers()]).toEqual([[], []])
        clock.advance(90)
        expect(await settle()).toBe(1)
      },
    )

    it('leave nothing that nobody knows of, where the answer was lost on its way', async () => {
      const { ask, viewers } = await scene()
      fake.faults.add({ kind: 'drop', when: 'after', operation: 'CreateAppToken' })
      expect((await ask()).status).toBeGreaterThanOrEqual(500)
      expect([fake.users().length, viewers().length]).toEqual([1, 1])
      expect(await settle()).toBe(0)
      expect([fake.users(), viewers()]).toEqual([[], []])
      clock.advance(90)
      expect(await settle()).toBe(1)
    })

    it('are minted and taken back at the tenant’s own, and the platform’s is never asked', async () => {
      const own = await startOcisFake({ flavour, clock, impersonates: true, tokenSeconds: 10_000_000 })
      const { slug, ask } = await scene()
      // Who sets connections has proved lately who they are, and the clock went on.
      const boss = await portal.signedIn({ email: `boss-${slug}@example.org`, operator: true })
      const { clientId, clientSecret } = own.credentials
      const credential = { kind: 'client', clientId, clientSecret, tokenUrl: own.tokenUrl }
      const connection = `/api/tenants/${slug}/connections/ocis`
      expect((await boss.put(connection, { apiUrl: own.url, credential })).status).toBe(200)
      await settled()
      const before = fake.calls()
      const { status, json } = await ask()
      expect([status, json]).toMatchObject([201, { place: own.url }])
      const authorization = `Basic ${Buffer.from(`${json.account}:${json.token}`).toString('base64')}`
      const me = async () => (await fetch(`${own.url}/graph/v1.0/me`, { headers: { authorization } })).status
      expect(await me()).toBe(200)
      expect((await boss.delete(connection)).status).toBe(204)
      expect(await settle()).toBe(1)
      expect([await me(), own.users()]).toEqual([401, []])
      const { CreateUser, CreateAppToken, DeleteUser } = fake.calls()
      expect({ ...before, CreateUser, CreateAppToken, DeleteUser }).toEqual(before)
      await settled()
      await own.stop()
      expect(own.violations()).toEqual([])
    })

    it('are asked for until the service has confirmed that they are gone', async () => {
      const { ask, call, shown } = await scene()
      const { json } = await ask()
      fake.faults.add({ kind: 'answer', status: 503, body: 'Not now.', times: 'always' })
      await call('DELETE', `/api/leases/${json.id}`)
      expect(await settle()).toBe(0)
      expect(await shown(json.id)).toMatchObject({ settled: false, trouble: expect.stringContaining('503') })
      fake.faults.clear()
      expect(await use(json)).toBe(200)
      clock.advance(15)
      expect(await settle()).toBe(1)
      expect(await use(json)).toBe(401)
    })
  })
