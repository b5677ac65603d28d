import { afterAll, afterEach, beforeAll, beforeEach, expect, it } from 'vitest'
import { createLog } from '#server/lib/log'
import { describeEachDatabase } from '../harness/databases'
import { codeOf, type HttpClient } from '../harness/http'
import { startServices, type Services } from '../harness/all-services'
import { startPortal, TestClock, type Portal } from '../harness/portal'

/** A sweep asks for pages in the time that this takes at most. */
const patience = { timeout: 8_000, interval: 50 }

describeEachDatabase("a tenant's own connections", (given) => {
  const clock = new TestClock()
  let shared: Services
  let own: Services
  let portal: Portal
  let boss: HttpClient
  let lines: string[]
  let count = 0

  beforeAll(async () => {
    shared = await startServices()
    own = await startServices()
  })
  afterAll(async () => {
    expect([await shared.stop(), await own.stop()]).toEqual([[], []])
  })
  beforeEach(async () => {
    shared.reset()
    own.reset()
    lines = []
    await open({ INTEGRATIONS_ALLOW_PRIVATE: 'on' })
  })
  afterEach(() => portal.close())

  async function open(env: Record<string, string>) {
    portal = await startPortal(given.url, {
      clock,
      log: createLog('trace', { write: (line) => void lines.push(line) }),
      env: {
        AUTHENTIK_API_URL: shared.authentik.url,
        AUTHENTIK_API_TOKEN: shared.authentik.token,
        STALWART_API_URL: shared.stalwart.url,
        STALWART_API_TOKEN: shared.stalwart.token,
        // So that one sweep looks closely at all.
        SWEEP_INTERVAL_SECONDS: '86400',
        ...env,
      },
    })
    boss = await portal.operator()
    portal.container.reconciler.start()
  }

  /** A tenant with an owner and a member. */
  async function scene() {
    const slug = `acme-${(count += 1)}`
    await boss.post('/api/tenants', { slug, name: slug, plan: 'pro' })
    const owner = await portal.signedIn({ email: `${slug}-owner@example.org` })
    await boss.post(`/api/tenants/${slug}/members`, { email: `${slug}-owner@example.org`, role: 'owner' })
    const connections = `/api/tenants/${slug}/connections`
    const steps = async () => {
      const { steps: items } = (await owner.get(`/api/tenants/${slug}/provisioning`)).json
      return Object.fromEntries(
        items.map((one: { service: string; step: string; status: string; error: string | null }) => [
          `${one.service}/${one.step}`,
          one.error ?? one.status,
        ]),
      ) as Record<string, string>
    }
    const settled = () =>
      expect
        .poll(
          async () => Object.values(await steps()).filter((word) => /pending|running/.test(word)),
          patience,
        )
        .toEqual([])
    const audit = async () =>
      (await boss.get(`/api/tenants/${slug}/audit?limit=200`)).json.items.filter(
        ({ action }: { action: string }) => action.startsWith('connection.'),
      )
    return { slug, owner, connections, steps, settled, audit }
  }

  const authentikOf = (services: Services) => ({
    apiUrl: services.authentik.url,
    credential: { kind: 'token', token: services.authentik.token },
  })
  const groupsOf = (services: Services) => services.authentik.groups().map(({ name }) => name)

  it('takes the place of the platform’s for one tenant alone, and gives it back', async () => {
    const [mine, other] = [await scene(), await scene()]
    await mine.settled()
    await other.settled()
    expect(groupsOf(shared)).toEqual(expect.arrayContaining([mine.slug, other.slug]))
    const put = await mine.owner.put(`${mine.connections}/authentik`, authentikOf(own))
    expect([put.status, put.text]).toEqual([200, put.text])
    expect(put.json).toMatchObject({ service: 'authentik', apiUrl: own.authentik.url })
    await expect.poll(() => groupsOf(own), patience).toEqual([mine.slug])
    await mine.settled()
    expect((await mine.steps())['authentik/group']).toBe('ok')
    expect(groupsOf(own)).not.toContain(other.slug)
    // What is there stays, and is told.
    const list = (await mine.owner.get(mine.connections)).json
    expect(list.items).toHaveLength(1)
    expect(list.former).toMatchObject([{ service: 'authentik', apiUrl: null }])
    expect(list.former[0].things).toBeGreaterThan(0)

    // A plan reads it there too.
    own.authentik.reset()
    const plan = (await mine.owner.get(`/api/tenants/${mine.slug}/plan`)).json
    const planned = plan.services.find(({ service }: { service: string }) => service === 'authentik')
    expect(planned.changes[0]).toMatchObject({ action: 'create', name: mine.slug })
    expect((await other.owner.get(`/api/tenants/${other.slug}/plan`)).json.services[0].changes).toEqual([])

    expect((await mine.owner.delete(`${mine.connections}/authentik`)).status).toBe(204)
    await mine.settled()
    expect((await mine.steps())['authentik/group']).toBe('ok')
    expect((await mine.owner.get(mine.connections)).json.items).toEqual([])
    expect(codeOf(await mine.owner.delete(`${mine.connections}/authentik`))).toEqual([
      ...[404, 'connection.not_found'],
    ])
  })

  it('brings a service that the platform has none of', async () => {
    const mine = await scene()
    await mine.settled()
    expect((await mine.steps())['ocis/space']).toBe('skipped')
    const { clientId, clientSecret } = own.ocis.credentials
    const credential = { kind: 'client', clientId, clientSecret, tokenUrl: own.ocis.tokenUrl }
    const put = await mine.owner.put(`${mine.connections}/ocis`, { apiUrl: own.ocis.url, credential })
    expect([put.status, put.text]).toEqual([200, put.text])
    await expect.poll(() => own.ocis.drives().map(({ name }) => name), patience).toEqual([mine.slug])
    expect(put.text).not.toContain(clientSecret)
    await mine.owner.delete(`${mine.connections}/ocis`)
    await expect.poll(async () => (await mine.steps())['ocis/space'], patience).toBe('skipped')
  })

  it('fails alone where its server is dead: the platform’s breaker stays closed', async () => {
    const [mine, other] = [await scene(), await scene()]
    await mine.owner.put(`${mine.connections}/authentik`, {
      ...authentikOf(own),
      apiUrl: 'http://127.0.0.1:9',
    })
    await expect
      .poll(async () => (await mine.steps())['authentik/group'], patience)
      .toContain('Authentik could not be asked')
    await other.settled()
    expect((await other.steps())['authentik/group']).toBe('ok')
    expect(portal.container.gate('authentik').breaker.state).toBe('closed')
  })

  it('is tested with what is given or with what is stored, and says what came back', async () => {
    const mine = await scene()
    const test = (body: unknown) => mine.owner.post(`${mine.connections}/authentik/test`, body)
    expect(codeOf(await test({}))).toEqual([404, 'connection.not_found'])
    const good = await test(authentikOf(own))
    expect(good.json).toMatchObject({
      ok: true,
      version: '2026.8.3',
      message: 'Authentik 2026.8.3 answers, and lets its groups and users be read.',
    })
    const bad = await test({
      ...authentikOf(own),
      credential: { kind: 'token', token: 'not-the-token-at-all' },
    })
    expect([bad.json.ok, bad.json.message]).toEqual([false, expect.stringContaining('refused')])
    expect(bad.text).not.toContain('not-the-token-at-all')
    await mine.owner.put(`${mine.connections}/authentik`, authentikOf(own))
    expect((await test({})).json.ok).toBe(true)
    const [shown] = (await mine.owner.get(mine.connections)).json.items
    expect([shown.testedAt, shown.testError]).toEqual([clock.now().toISOString(), null])
    // A stored credential goes to no other address.
    expect(codeOf(await test({ apiUrl: shared.authentik.url }))).toEqual([
      ...[422, 'connection.credential_required'],
    ])
    const { stalwart } = own
    const mail = { apiUrl: stalwart.url, credential: { kind: 'token', token: stalwart.token } }
    expect((await mine.owner.post(`${mine.connections}/stalwart/test`, mail)).json).toMatchObject({
      ok: true,
      message: 'Stalwart answers (0.16 or later), and lets its domains be read.',
      version: null,
    })
    for (const body of filesOf(own))
      expect((await mine.owner.post(`${mine.connections}/ocis/test`, body)).json).toMatchObject({
        ok: true,
        message: 'OCIS 7.1.0 answers, knows who we are, and shows 0 spaces.',
        version: '7.1.0',
      })
  })

  it('says nothing of a version that is kept back or is none, and is good all the same', async () => {
    const mine = await scene()
    const [files] = filesOf(own)
    const tested = async () => [
      (await mine.owner.post(`${mine.connections}/authentik/test`, authentikOf(own))).json,
      (await mine.owner.post(`${mine.connections}/ocis/test`, files)).json,
    ]
    const silent = [
      { ok: true, version: null, message: expect.stringMatching(/^Authentik answers/) },
      { ok: true, version: null, message: expect.stringMatching(/^OCIS answers/) },
    ]
    const { version } = own.ocis.settings
    for (const lie of ['<b>2026</b>', `2026.8-${'a'.repeat(5_000)}`, 'latest\u202e1.2']) {
      own.authentik.setVersion(lie)
      own.ocis.settings.version = lie
      expect(await tested()).toMatchObject(silent)
    }
    own.ocis.settings.version = version
    for (const status of [403, 404, 500, 302]) {
      own.authentik.faults.add({ kind: 'answer', status, operation: 'admin_version_retrieve' })
      own.ocis.faults.add({ kind: 'answer', status, body: '<h1>no</h1>', operation: 'GetStatus' })
      expect(await tested()).toMatchObject(silent)
    }
  })

  /** Both ways to sign in to OCIS. */
  function filesOf({ ocis }: Services) {
    const { appToken, ...client } = ocis.credentials
    return [
      { apiUrl: ocis.url, credential: { kind: 'client', ...client, tokenUrl: ocis.tokenUrl } },
      { apiUrl: `${ocis.url}/graph`, credential: { kind: 'token', token: appToken } },
    ]
  }

  it('is refused where it is not one of the service, or lacks its credential', async () => {
    const mine = await scene()
    const put = (service: string, body: unknown) => mine.owner.put(`${mine.connections}/${service}`, body)
    const { apiUrl } = authentikOf(own)
    expect(codeOf(await put('authentik', { apiUrl }))).toEqual([422, 'connection.credential_required'])
    const client = { kind: 'client', clientId: 'a', clientSecret: 'b', tokenUrl: own.ocis.tokenUrl }
    for (const [service, credential] of [
      ['authentik', client],
      ['stalwart', { kind: 'token', token: ':b' }],
      ['ocis', { kind: 'token', token: 'no-colon' }],
    ] as const)
      expect(codeOf(await put(service, { apiUrl, credential }))).toEqual([
        ...[422, 'connection.credential_unfit'],
      ])
    expect((await put('mail', authentikOf(own))).status).toBe(422)
    // Another address wants its credential, of whoever sets it.
    await put('authentik', authentikOf(own))
    expect(codeOf(await put('authentik', { apiUrl: 'http://127.0.0.1:9' }))).toEqual([
      ...[422, 'connection.credential_required'],
    ])
    expect((await put('authentik', { apiUrl })).status).toBe(200)
  })

  it('takes a new credential without a restart, on every replica', async () => {
    const mine = await scene()
    const wrong = { ...authentikOf(own), credential: { kind: 'token', token: 'an-old-token' } }
    await mine.owner.put(`${mine.connections}/authentik`, wrong)
    await expect
      .poll(async () => (await mine.steps())['authentik/group'], patience)
      .toContain('Authentik refused')
    await mine.owner.put(`${mine.connections}/authentik`, authentikOf(own))
    await expect.poll(async () => (await mine.steps())['authentik/group'], patience).toBe('ok')
    expect(groupsOf(own)).toEqual([mine.slug])
  })

  it('never falls back to the platform’s where its credential does not open', async () => {
    const mine = await scene()
    await mine.owner.put(`${mine.connections}/authentik`, authentikOf(own))
    await mine.settled()
    const vault = await given.database.client.vault.findFirstOrThrow({
      where: { handle: 'integrations', tenant: { slug: mine.slug } },
    })
    const place = { service: 'authentik', name: 'connection', vaultId: vault.id, tenantId: vault.tenantId }
    await portal.container.vault.delete(place)
    shared.reset()
    await mine.owner.post(`/api/tenants/${mine.slug}/reconcile`, {})
    await expect
      .poll(async () => (await mine.steps())['authentik/group'], patience)
      .toContain("can't be had from the vault")
    expect(groupsOf(shared)).not.toContain(mine.slug)
  })

  it('is compared apart: a sweep of the platform’s service misses nothing of it', async () => {
    // A sweep waits for whatever the services of other tests' tenants are made to do.
    await given.database.client.tenant.deleteMany()
    const mine = await scene()
    await mine.owner.put(`${mine.connections}/authentik`, authentikOf(own))
    await mine.settled()
    const { sweeper } = portal.container
    const drift = () =>
      given.database.client.resourceDrift.findMany({
        where: { service: 'authentik', tenant: { slug: mine.slug } },
        select: { kind: true, name: true, what: true },
      })
    clock.advance(90_000)
    await sweeper.work()
    expect(await drift()).toEqual([])
    own.authentik.reset()
    clock.advance(90_000)
    await sweeper.work()
    expect(await drift()).toContainEqual({ kind: 'group', name: mine.slug, what: 'missing' })
  })

  it('tells no secret, to nobody, and everything else in the audit', async () => {
    const mine = await scene()
    const secret = own.authentik.token
    await mine.owner.put(`${mine.connections}/authentik`, authentikOf(own))
    await mine.settled()
    await mine.owner.post(`${mine.connections}/authentik/test`, {})
    await mine.owner.put(`${mine.connections}/authentik`, authentikOf(own))
    await mine.owner.delete(`${mine.connections}/authentik`)
    const entries = await mine.audit()
    expect(entries.map(({ action }: { action: string }) => action).toSorted()).toEqual([
      ...['connection.changed', 'connection.removed', 'connection.set', 'connection.tested'],
    ])
    const vaults = (await mine.owner.get(`/api/tenants/${mine.slug}/vaults`)).text
    const told = [
      ...[JSON.stringify(entries), vaults, (await mine.owner.get(mine.connections)).text],
      ...[lines.join('\n'), JSON.stringify(await given.database.client.vaultBlob.findMany(), inText)],
      JSON.stringify(await given.database.client.tenantConnection.findMany()),
    ].join('\n')
    // The platform's own token is the fake's as well.
    expect(told.replaceAll(`"${shared.authentik.token}"`, '').includes(secret)).toBe(false)
    expect(vaults).not.toContain('integrations')
  })

  const inText = (_: string, value: unknown) => (typeof value === 'bigint' ? String(value) : value)

  it('leads to public addresses over https alone, where the operator allows no others', async () => {
    await portal.close()
    await open({})
    const mine = await scene()
    const refused = [
      ...['http://example.org', 'https://127.0.0.1', 'https://[::1]', 'https://10.1.2.3'],
      ...['https://169.254.169.254', 'https://[fd00::1]', 'https://[::ffff:127.0.0.1]', 'https://2130706433'],
      ...['https://0177.0.0.1', 'https://localhost'],
    ]
    for (const apiUrl of refused)
      for (const call of ['put', 'test']) {
        const path = `${mine.connections}/authentik`
        const body = { ...authentikOf(own), apiUrl }
        const answer =
          call === 'put' ? await mine.owner.put(path, body) : await mine.owner.post(`${path}/test`, body)
        expect([apiUrl, ...codeOf(answer)]).toEqual([apiUrl, 422, 'connection.address_refused'])
      }
    const credential = {
      kind: 'client',
      clientId: 'a',
      clientSecret: 'b',
      tokenUrl: 'https://10.0.0.1/token',
    }
    const answer = await mine.owner.put(`${mine.connections}/ocis`, {
      apiUrl: 'https://93.184.216.34',
      credential,
    })
    expect(answer.json.errors).toMatchObject([{ path: 'credential.tokenUrl' }])
    expect((await mine.owner.get(mine.connections)).json.items).toEqual([])
  })
})
