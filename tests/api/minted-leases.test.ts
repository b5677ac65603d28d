import { afterAll, beforeAll, beforeEach, expect, it } from 'vitest'
import { settleLeases } from '#server/domain/vaults/vaults'
import { startAuthentikFake, type AuthentikFake } from '#server/integrations/authentik/fake'
import type { MachineScope } from '#shared/contracts/machines'
import { describeEachDatabase } from '../harness/databases'
import { claimInDatabase, TestMachine } from '../harness/machine'
import { startPortal, TestClock, type Portal } from '../harness/portal'
import { silent } from '../harness/provisioning'

describeEachDatabase('leases of minted tokens', (given) => {
  const clock = new TestClock()
  let portal: Portal
  let fake: AuthentikFake
  let count = 0
  const db = () => given.database.client
  const fresh = (word: string) => `${word}-${(count += 1)}`
  const codeOf = ({ status, json }: { status: number; json?: { code?: string } }) => [status, json?.code]

  beforeAll(async () => {
    fake = await startAuthentikFake()
    portal = await startPortal(given.url, {
      clock,
      env: {
        AUTHENTIK_API_URL: fake.url,
        AUTHENTIK_API_TOKEN: fake.token,
        AUTHENTIK_PUBLIC_URL: 'https://id.example.org',
      },
    })
    await portal.operator()
  })
  beforeEach(async () => {
    fake.reset()
    await db().secretLease.deleteMany()
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

  /** A tenant with its group at Authentik, and a machine that may have leases. */
  async function scene() {
    const slug = fresh('acme')
    const boss = await portal.signedIn({ email: `${fresh('boss')}@example.org`, operator: true })
    await boss.post('/api/tenants', { slug, name: slug })
    const { id: tenantId } = await db().tenant.findUniqueOrThrow({ where: { slug } })
    const group = fake.addGroup({ name: slug, attributes: { tenantId, slug } })
    const scopes: MachineScope[] = ['secrets:lease']
    const made = new TestMachine(fresh('machine'), 'http://localhost:3000', clock.now)
    const { vaultId, identityId } = await claimInDatabase(db(), made, { slug, scopes })
    const { url } = portal.browser()
    const call = (method: string, path: string, body?: unknown) => made.call(url, method, path, body)
    const ask = (changes: object = {}) =>
      call('POST', `/api/vaults/${vaultId}/leases`, {
        ...{ kind: 'minted', service: 'authentik', ttlSeconds: 600, purpose: 'nightly backup', ...changes },
      })
    const row = (id: string) => db().secretLease.findUnique({ where: { id } })
    const audit = async (action: string) =>
      db().auditEntry.findMany({ where: { tenantId, action }, orderBy: { id: 'asc' } })
    return {
      slug,
      tenantId,
      boss,
      group,
      made,
      handle: made.handle,
      identityId,
      vaultId,
      call,
      ask,
      row,
      audit,
    }
  }

  it('give a token once, of an account in the tenant’s group, until the lease ends', async () => {
    const { tenantId, group, call, ask, row, audit } = await scene()
    const { status, json } = await ask()
    expect([status, json]).toMatchObject([
      201,
      { kind: 'minted', service: 'authentik', name: '', status: 'active', settled: false },
    ])
    const [token] = fake.tokens()
    expect(json.token).toBe(token?.key)
    expect(token).toMatchObject({
      identifier: `tenantry-lease-${json.id}`,
      expires: new Date(clock.now().getTime() + 600_000).toISOString(),
      expiring: true,
    })
    const inside = fake.groups().find(({ pk }) => pk === group.pk)?.users
    expect(inside).toEqual([token?.user])

    expect((await call('GET', `/api/leases/${json.id}`)).text).not.toContain(json.token)
    expect(codeOf(await call('GET', `/api/leases/${json.id}/value`))).toEqual([409, 'lease.has_no_value'])
    const kept = [await row(json.id), await db().auditEntry.findMany({ where: { tenantId } })]
    expect(JSON.stringify(kept)).not.toContain(json.token)
    expect(await settle()).toBe(0)

    expect((await call('DELETE', `/api/leases/${json.id}`)).status).toBe(204)
    expect(await settle()).toBe(1)
    expect(fake.tokens()).toEqual([])
    expect((await call('GET', `/api/leases/${json.id}`)).json).toMatchObject({
      ...{ status: 'revoked', endReason: 'returned', settled: true },
    })
    expect(await audit('lease.settled')).toMatchObject([{ actorKind: 'system', subjectId: json.id }])
    expect(await settle()).toBe(0)
  })

  it('are not given again for a repeated Idempotency-Key', async () => {
    const { made, vaultId } = await scene()
    const { url } = portal.browser()
    const path = `/api/vaults/${vaultId}/leases`
    const body = JSON.stringify({
      ...{ kind: 'minted', service: 'authentik', ttlSeconds: 600, purpose: 'nightly backup' },
    })
    const ask = async () => {
      const authorization = `PoP ${made.prove({ method: 'POST', path, body })}`
      const headers = { authorization, 'content-type': 'application/json', 'idempotency-key': 'once' }
      const answer = await fetch(url + path, { method: 'POST', headers, body })
      return (await answer.json()) as { id: string; token: string }
    }
    const [first, second] = [await ask(), await ask()]
    expect(first.token).not.toBe(second.token)
    expect(first.id).not.toBe(second.id)
  })

  it.each(['by themselves', 'with the machine', 'with the suspended tenant'])(
    'end %s, and their tokens at the service',
    async (how) => {
      const { slug, boss, handle, ask, row } = await scene()
      const { json } = await ask()
      if (how === 'by themselves') clock.advance(600)
      else if (how === 'with the machine') await boss.post(`/api/tenants/${slug}/identities/${handle}/revoke`)
      else await boss.post(`/api/tenants/${slug}/suspend`)
      expect(await settle()).toBe(1)
      expect(fake.tokens()).toEqual([])
      expect((await row(json.id))?.settledAt).toEqual(clock.now())
    },
  )

  it('are not settled while the service does not confirm it, and tried less and less often', async () => {
    const { call, ask, row } = await scene()
    const { json } = await ask()
    fake.faults.add({
      kind: 'answer',
      status: 503,
      body: { detail: 'Not now.' },
      operation: 'core_tokens_destroy',
      times: 'always',
    })
    await call('DELETE', `/api/leases/${json.id}`)
    expect(await settle()).toBe(0)
    expect((await call('GET', `/api/leases/${json.id}`)).json).toMatchObject({ settled: false })
    expect((await row(json.id))?.nextTryAt).toEqual(new Date(clock.now().getTime() + 15_000))
    expect(await settle()).toBe(0)
    clock.advance(400)
    expect(await settle()).toBe(0)
    expect((await row(json.id))?.nextTryAt).toEqual(new Date(clock.now().getTime() + 100_000))
    fake.faults.clear()
    clock.advance(100)
    expect(await settle()).toBe(1)
    expect(fake.tokens()).toEqual([])
  })

  it('are settled by one replica at a time', async () => {
    const { call, ask } = await scene()
    const { json } = await ask()
    await call('DELETE', `/api/leases/${json.id}`)
    const settled = await Promise.all([settle(), settle(), settle()])
    expect(settled.reduce((sum, one) => sum + one)).toBe(1)
    expect(fake.calls().core_tokens_destroy).toBe(1)
  })

  it('leave no token that nobody knows of, where the answer was lost on its way', async () => {
    const { ask, audit } = await scene()
    fake.faults.add({
      kind: 'answer',
      status: 500,
      body: { detail: 'Not now.' },
      operation: 'core_tokens_view_key_retrieve',
    })
    expect((await ask()).status).toBeGreaterThanOrEqual(500)
    expect(fake.tokens()).toHaveLength(1)
    const [ended] = await audit('lease.ended')
    expect(ended).toMatchObject({ after: { reason: 'mint_failed' } })
    // It is taken back at once, and settled when none can come any more.
    expect(await settle()).toBe(0)
    expect(fake.tokens()).toEqual([])
    clock.advance(90)
    expect(await settle()).toBe(1)
  })

  it('leave none where the process ended between the record and the token', async () => {
    const { tenantId, vaultId, identityId, row } = await scene()
    const now = clock.now()
    const id = crypto.randomUUID()
    const expiresAt = new Date(now.getTime() + 60_000)
    const { id: principalId } = await db().principal.findFirstOrThrow({ where: { tenantId } })
    await db().secretLease.create({
      data: {
        ...{ id, tenantId, vaultId, principalId, askedBy: identityId, kind: 'minted', name: '' },
        ...{ service: 'authentik', purpose: 'crashed', createdAt: now, expiresAt, endsLatest: expiresAt },
        nextTryAt: expiresAt,
      },
    })
    clock.advance(90)
    expect(await settle()).toBe(1)
    expect((await row(id))?.settledAt).toEqual(clock.now())
  })

  it('are given to nobody who was revoked while it was minted', async () => {
    const { slug, boss, handle, ask } = await scene()
    fake.faults.add({ kind: 'delay', ms: 300, operation: 'core_tokens_create' })
    const asked = ask()
    await expect.poll(() => fake.calls().core_tokens_create).toBe(1)
    await boss.post(`/api/tenants/${slug}/identities/${handle}/revoke`)
    expect(codeOf(await asked)).toEqual([403, 'lease.over'])
    await settle()
    expect(fake.tokens()).toEqual([])
  })

  it('are settled also where the tenant is gone, and then forgotten', async () => {
    const { tenantId, call, ask, row } = await scene()
    const { json } = await ask()
    await call('DELETE', `/api/leases/${json.id}`)
    await db().tenant.delete({ where: { id: tenantId } })
    expect(await settle()).toBe(1)
    expect(fake.tokens()).toEqual([])
    expect(await row(json.id)).toBeNull()
  })

  it('are refused of services at which none are minted', async () => {
    const { ask } = await scene()
    expect(codeOf(await ask({ service: 'ocis' }))).toEqual([422, 'lease.not_mintable'])
    expect((await ask({ service: 'stalwart' })).status).toBe(422)
    expect((await ask({ name: 'admin' })).status).toBe(422)
  })
})
