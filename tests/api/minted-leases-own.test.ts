import { afterAll, beforeAll, beforeEach, expect, it } from 'vitest'
import { settleLeases } from '#server/domain/vaults/vaults'
import { startAuthentikFake, type AuthentikFake } from '#server/integrations/authentik/fake'
import { describeEachDatabase } from '../harness/databases'
import { codeOf } from '../harness/http'
import { claimInDatabase, TestMachine } from '../harness/machine'
import { startPortal, TestClock, type Portal } from '../harness/portal'
import { silent } from '../harness/provisioning'

describeEachDatabase("leases of tokens minted at a tenant's own Authentik", (given) => {
  const clock = new TestClock()
  let portal: Portal
  let shared: AuthentikFake
  let own: AuthentikFake
  let other: AuthentikFake
  let count = 0
  const db = () => given.database.client
  const fresh = (word: string) => `${word}-${(count += 1)}`
  const fakes = () => [shared, own, other]

  beforeAll(async () => {
    shared = await startAuthentikFake()
    own = await startAuthentikFake()
    other = await startAuthentikFake()
    portal = await startPortal(given.url, {
      clock,
      env: {
        AUTHENTIK_API_URL: shared.url,
        AUTHENTIK_API_TOKEN: shared.token,
        AUTHENTIK_PUBLIC_URL: 'https://id.example.org',
        INTEGRATIONS_ALLOW_PRIVATE: 'on',
      },
    })
    await portal.operator()
  })
  beforeEach(async () => {
    for (const fake of fakes()) fake.reset()
    await db().secretLease.deleteMany()
  })
  afterAll(async () => {
    await portal?.close()
    for (const fake of fakes()) await fake?.stop()
    expect(fakes().flatMap((fake) => fake?.violations())).toEqual([])
  })

  const settle = () =>
    settleLeases(portal.container.scopes.platform('test'), {
      places: portal.container.mintPlaces,
      log: silent,
    })
  const settings = ({ url: apiUrl, token }: AuthentikFake) => ({
    ...{ apiUrl, credential: { kind: 'token', token } },
  })
  const tokenCalls = (fake: AuthentikFake) => {
    const { core_tokens_create: created, core_tokens_destroy: destroyed } = fake.calls()
    return { created, destroyed }
  }
  const none = { created: 0, destroyed: 0 }

  /** A tenant with a group wherever it may be, and a machine that may have leases. */
  async function scene() {
    const slug = fresh('acme')
    const boss = await portal.signedIn({ email: `${fresh('boss')}@example.org`, operator: true })
    await boss.post('/api/tenants', { slug, name: slug })
    const { id: tenantId } = await db().tenant.findUniqueOrThrow({ where: { slug } })
    for (const fake of fakes()) fake.addGroup({ name: slug, attributes: { tenantId, slug } })
    const made = new TestMachine(fresh('machine'), 'http://localhost:3000', clock.now)
    const { vaultId } = await claimInDatabase(db(), made, { slug, scopes: ['secrets:lease'] })
    const { url } = portal.browser()
    const call = (method: string, path: string, body?: unknown) => made.call(url, method, path, body)
    const ask = () =>
      call('POST', `/api/vaults/${vaultId}/leases`, {
        ...{ kind: 'minted', service: 'authentik', ttlSeconds: 600, purpose: 'nightly backup' },
      })
    const connection = `/api/tenants/${slug}/connections/authentik`
    const connect = async (body: object) => {
      const { status, text } = await boss.put(connection, body)
      expect([status, text]).toEqual([200, text])
    }
    const disconnect = async () => expect((await boss.delete(connection)).status).toBe(204)
    const shown = async (id: string) => (await call('GET', `/api/leases/${id}`)).json
    const row = (id: string) => db().secretLease.findUnique({ where: { id } })
    const audit = (action: string) =>
      db().auditEntry.findMany({ where: { tenantId, action }, orderBy: { id: 'asc' } })
    return { slug, tenantId, call, ask, connect, disconnect, shown, row, audit }
  }

  it('are minted and taken back there, and the platform’s is never asked', async () => {
    const { connect, ask, call, shown, row, audit, tenantId } = await scene()
    await connect(settings(own))
    const { status, json } = await ask()
    expect([status, json]).toMatchObject([201, { kind: 'minted', place: own.url, settled: false }])
    expect(own.tokens()).toMatchObject([{ key: json.token, identifier: `tenantry-lease-${json.id}` }])
    const kept = [await row(json.id), await db().auditEntry.findMany({ where: { tenantId } })]
    for (const secret of [json.token, own.token]) expect(JSON.stringify(kept)).not.toContain(secret)
    expect(await audit('lease.granted')).toMatchObject([{ after: { place: own.url } }])

    expect((await call('DELETE', `/api/leases/${json.id}`)).status).toBe(204)
    expect(await settle()).toBe(1)
    expect(own.tokens()).toEqual([])
    expect(await shown(json.id)).toMatchObject({ settled: true, trouble: null, place: own.url })
    expect((await row(json.id))?.placeSealed).toBeNull()
    expect([tokenCalls(shared), shared.users()]).toEqual([none, []])
  })

  it.each(['is removed', 'leads elsewhere'])(
    'end where the connection %s, and are taken back where they were minted',
    async (how) => {
      const { connect, disconnect, ask, shown, row } = await scene()
      await connect(settings(own))
      const { json } = await ask()
      if (how === 'is removed') await disconnect()
      else await connect(settings(other))
      expect(await shown(json.id)).toMatchObject({ status: 'revoked', endReason: 'place_left' })
      expect(await settle()).toBe(1)
      expect(own.tokens()).toEqual([])
      expect(await row(json.id)).toMatchObject({ settledAt: clock.now(), placeSealed: null })
      expect([tokenCalls(shared), tokenCalls(other)]).toEqual([none, none])
      // What comes after is minted where the tenant is now.
      expect((await ask()).status).toBe(201)
      expect((how === 'is removed' ? shared : other).tokens()).toHaveLength(1)
      expect(own.tokens()).toEqual([])
    },
  )

  it('of the platform’s end and are taken back there, where a tenant brings its own', async () => {
    const { connect, ask, shown } = await scene()
    const { json } = await ask()
    expect(json).toMatchObject({ place: null })
    await connect(settings(own))
    expect(await shown(json.id)).toMatchObject({ endReason: 'place_left' })
    expect(await settle()).toBe(1)
    expect([shared.tokens(), tokenCalls(own)]).toEqual([[], none])
  })

  it('stay where a credential is replaced, and are taken back by either that is taken', async () => {
    const { connect, ask, call, row } = await scene()
    await connect(settings(own))
    const [{ json: first }, { json: second }] = [await ask(), await ask()]
    await connect({ ...settings(own), credential: { kind: 'token', token: 'one-that-is-refused' } })
    await call('DELETE', `/api/leases/${first.id}`)
    expect(await settle()).toBe(1)
    expect(own.tokens()).toHaveLength(1)
    await connect(settings(own))
    // As if what was signed in with then were of no use any more.
    await db().secretLease.update({ where: { id: second.id }, data: { placeSealed: null } })
    await call('DELETE', `/api/leases/${second.id}`)
    expect(await settle()).toBe(1)
    expect(own.tokens()).toEqual([])
    expect((await row(second.id))?.settledAt).toEqual(clock.now())
  })

  it('are given to nobody where the tenant left the service while they were minted', async () => {
    const { connect, disconnect, ask } = await scene()
    await connect(settings(own))
    own.faults.add({ kind: 'delay', ms: 300, operation: 'core_tokens_create' })
    const asked = ask()
    await expect.poll(() => own.calls().core_tokens_create).toBe(1)
    await disconnect()
    expect(codeOf(await asked)).toEqual([403, 'lease.over'])
    await settle()
    expect([own.tokens(), tokenCalls(shared)]).toEqual([[], none])
  })

  it('are not minted where the credential can’t be had, and not at the platform’s instead', async () => {
    const { connect, ask, tenantId } = await scene()
    await connect(settings(own))
    const vault = await db().vault.findFirstOrThrow({ where: { tenantId, handle: 'integrations' } })
    const place = { tenantId, vaultId: vault.id, service: 'authentik', name: 'connection' }
    await portal.container.vault.delete(place)
    expect((await ask()).status).toBe(503)
    expect(await db().secretLease.count()).toBe(0)
    expect(fakes().map(tokenCalls)).toEqual([none, none, none])
  })

  it('are given up a week after they ended by themselves where the former place is not reached', async () => {
    const gone = await startAuthentikFake()
    const { connect, disconnect, ask, shown, row, audit, tenantId, slug } = await scene()
    gone.addGroup({ name: slug, attributes: { tenantId, slug } })
    await connect(settings(gone))
    const { json } = await ask()
    await gone.stop()
    await disconnect()
    expect(await settle()).toBe(0)
    const trouble = expect.stringContaining('nothing listens at its address')
    expect(await shown(json.id)).toMatchObject({ settled: false, trouble, givenUpAt: null })
    expect((await row(json.id))?.placeSealed).toBeTruthy()
    clock.advance(600 + 7 * 86_400 - 1)
    expect(await settle()).toBe(0)
    expect(await row(json.id)).toMatchObject({ givenUpAt: null })
    clock.advance(3600)
    expect(await settle()).toBe(0)
    expect(await row(json.id)).toMatchObject({
      ...{ givenUpAt: clock.now(), settledAt: null, nextTryAt: null, placeSealed: null },
    })
    expect(await audit('lease.given_up')).toMatchObject([{ after: { place: gone.url, error: trouble } }])
    clock.advance(7200)
    expect(await settle()).toBe(0)
    expect(await audit('lease.given_up')).toHaveLength(1)
    expect(tokenCalls(shared)).toEqual(none)
  })

  it('are taken back also where the tenant is gone, and then forgotten', async () => {
    const { connect, ask, call, row, tenantId } = await scene()
    await connect(settings(own))
    const { json } = await ask()
    await call('DELETE', `/api/leases/${json.id}`)
    await db().tenant.delete({ where: { id: tenantId } })
    expect(await settle()).toBe(1)
    expect(own.tokens()).toEqual([])
    expect(await row(json.id)).toBeNull()
  })
})
