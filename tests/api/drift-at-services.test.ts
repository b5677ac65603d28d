import { afterAll, beforeAll, expect, it, vi } from 'vitest'
import { startAuthentikFake, type AuthentikFake } from '#server/integrations/authentik/fake'
import { startOcisFake, type OcisFake } from '#server/integrations/ocis/fake'
import { startStalwartFake, type StalwartFake } from '#server/integrations/stalwart/fake'
import { newId } from '#server/lib/ids'
import { describeEachDatabase } from '../harness/databases'
import type { HttpClient } from '../harness/http'
import { startPortal, TestClock, type Portal } from '../harness/portal'

/** Three services bring two tenants about, beside whatever else the machine does. */
const patience = { interval: 20, timeout: 40_000 }

interface Listed {
  id: string
  service: string
  kind: string
  name: string
  what: string
  status: string
}

describeEachDatabase('drift at Authentik, Stalwart and OCIS', (given) => {
  vi.setConfig({ testTimeout: 60_000 })
  const clock = new TestClock()
  const slugs = ['acme', 'other'] as const
  const ids = { acme: '', other: '' }
  let authentik: AuthentikFake
  let stalwart: StalwartFake
  let ocis: OcisFake
  let portal: Portal
  let operator: HttpClient

  beforeAll(async () => {
    authentik = await startAuthentikFake()
    stalwart = await startStalwartFake()
    ocis = await startOcisFake({ flavour: 'ocis' })
    const { clientId, clientSecret } = ocis.credentials
    const env = {
      AUTHENTIK_API_URL: authentik.url,
      AUTHENTIK_API_TOKEN: authentik.token,
      STALWART_API_URL: stalwart.url,
      STALWART_API_TOKEN: stalwart.token,
      OCIS_API_URL: ocis.url,
      OCIS_CLIENT_ID: clientId,
      OCIS_CLIENT_SECRET: clientSecret,
      OCIS_TOKEN_URL: ocis.tokenUrl,
      // Asked for by hand, a sweep looks at everybody closely.
      SWEEP_INTERVAL_SECONDS: '0',
    }
    portal = await startPortal(given.url, { clock, env })
    operator = await portal.operator()
    for (const slug of slugs) await makeTenant(slug)
    portal.container.reconciler.start()
    await settled()
  }, 60_000)
  afterAll(async () => {
    await portal.close()
    const fakes = [authentik, stalwart, ocis]
    await Promise.all(fakes.map((fake) => fake.stop()))
    expect(fakes.flatMap((fake) => fake.violations())).toEqual([])
  })

  /** With a verified domain, and one member besides the operator, who has been at every service. */
  async function makeTenant(slug: (typeof slugs)[number]): Promise<void> {
    const email = `ada@${slug}.example.org`
    await portal.signedIn({ email })
    const { id } = (await operator.post('/api/tenants', { slug, name: `The ${slug}` })).json
    ids[slug] = id
    expect((await operator.post(`/api/tenants/${slug}/members`, { email, role: 'admin' })).status).toBe(201)
    const { client } = given.database
    const now = clock.now()
    const name = `${slug}.example`
    await client.domain.create({
      data: {
        ...{ id: newId(), tenantId: id, name, challenge: 'x', createdAt: now, updatedAt: now },
        ...{ verifiedAt: now, verifiedName: name },
      },
    })
    const members = await client.membership.findMany({ where: { tenantId: id }, include: { user: true } })
    for (const { id: membership, user } of members)
      await client.membership.update({
        where: { id: membership },
        data: { mailbox: user.email?.split('@')[0] ?? null },
      })
    for (const { user } of members)
      if (user.email && !ocis.users().some(({ mail }) => mail === user.email))
        ocis.addUser({ mail: user.email })
  }

  const settled = () =>
    vi.waitFor(async () => {
      const { client } = given.database
      const steps = await client.provisioningStep.findMany({
        where: { status: { notIn: ['ok', 'skipped'] } },
      })
      expect(steps.map(({ service, step, status, error }) => ({ service, step, status, error }))).toEqual([])
      expect(await client.provisioningRun.count({ where: { status: 'running' } })).toBe(0)
    }, patience)
  const sweep = async () => {
    clock.advance(10)
    await operator.post('/api/operator/sweep')
    await portal.container.sweeper.work()
    const [last] = (await operator.get('/api/operator/sweep?limit=1')).json.items
    expect(last).toMatchObject({ status: 'done', failures: {} })
  }
  const listed = async (slug = 'acme', query = ''): Promise<Listed[]> =>
    (await operator.get(`/api/tenants/${slug}/drift${query}`)).json.items
  const brief = (items: Listed[]) =>
    items.map(({ service, kind, what }) => `${service} ${kind} ${what}`).sort()
  const repairAll = async () => {
    const [first, ...others] = await listed()
    const ask = async (one?: Listed) =>
      (await operator.post(`/api/tenants/acme/drift/${one?.id}/repair`)).status
    expect(await ask(first)).toBe(202)
    // The run brings everything in line, and may have done so by now.
    for (const other of others) expect([202, 409]).toContain(await ask(other))
    await settled()
  }
  /** As somebody else calls Authentik. */
  const atAuthentik = async (method: string, path: string, body?: unknown) => {
    const headers = { authorization: `Bearer ${authentik.token}`, 'content-type': 'application/json' }
    const answer = await fetch(`${authentik.url}/api/v3${path}`, {
      ...{ method, headers },
      ...(body !== undefined && { body: JSON.stringify(body) }),
    })
    expect(answer.ok).toBe(true)
  }
  const group = (slug = 'acme') => authentik.groups().find(({ name }) => name === slug)
  /** As an administrator calls OCIS. */
  const atOcis = async (method: string, path: string[], headers: Record<string, string> = {}) => {
    const authorization = `Basic ${Buffer.from(ocis.credentials.appToken).toString('base64')}`
    const encoded = path.map((part) => encodeURIComponent(part).replaceAll('!', '%21')).join('/')
    const answer = await fetch(`${ocis.url}/graph/${encoded}`, {
      method,
      headers: { authorization, ...headers },
    })
    expect(answer.ok).toBe(true)
  }
  const space = (slug = 'acme') =>
    ocis.drives().find(({ description }) => description.includes(ids[slug as 'acme']))
  const account = () => stalwart.accounts().find(({ email }) => email === 'ada@acme.example')

  it('is none while everything is as Tenantry left it', async () => {
    await sweep()
    expect((await operator.get('/api/operator/drift')).json.items).toEqual([])
    expect(space()).toBeDefined()
    expect(account()).toBeDefined()
  })

  it('is found where things were changed by hand, put right by a run, and gone after it', async () => {
    await atAuthentik('PATCH', `/core/groups/${group()?.pk}/`, {
      attributes: { tenantId: ids.acme, slug: 'x' },
    })
    stalwart.changeAccount('ada@acme.example', { canSignIn: false })
    ocis.changeDrive(space()?.id ?? '', { name: 'By hand' })
    await sweep()
    const found = await listed()
    expect(brief(found)).toEqual([
      'authentik group changed',
      'ocis space changed',
      'stalwart account changed',
    ])
    expect(await listed('other')).toEqual([])
    const board = (await operator.get('/api/operator/board')).json
    expect(board.drift).toHaveLength(3)

    await repairAll()
    expect(await listed()).toEqual([])
    expect([group()?.attributes.slug, account()?.canSignIn, space()?.name]).toEqual([
      'acme',
      true,
      'The acme',
    ])
    await sweep()
    expect(await listed()).toEqual([])
    expect(brief(await listed('acme', '?status=repaired'))).toHaveLength(3)
  })

  it('is found where things were deleted by hand, and they are made again', async () => {
    await atAuthentik('DELETE', `/core/groups/${group()?.pk}/`)
    stalwart.removeAccount('ada@acme.example')
    const { id } = space() ?? { id: '' }
    await atOcis('DELETE', ['v1.0', 'drives', id])
    await atOcis('DELETE', ['v1.0', 'drives', id], { purge: 'T' })
    await sweep()
    const found = brief(await listed())
    expect(found).toEqual(
      expect.arrayContaining([
        'authentik group missing',
        'authentik members missing',
        'ocis space missing',
        'stalwart account missing',
      ]),
    )
    expect(await listed('other')).toEqual([])
    await repairAll()
    await sweep()
    expect(await listed()).toEqual([])
    expect([group(), account(), space()].every(Boolean)).toBe(true)
  })

  it('is found where somebody is in a space no more, by a close look', async () => {
    const { id = '', grants = [] } = space() ?? {}
    const ada = ocis.users().find(({ mail }) => mail === 'ada@acme.example.org')
    const permissionId = grants.find(({ holderId }) => holderId === ada?.id)?.permissionId ?? ''
    await atOcis('DELETE', ['v1beta1', 'drives', id, 'root', 'permissions', permissionId])
    await sweep()
    expect(brief(await listed())).toEqual(['ocis member missing'])
    await repairAll()
    await sweep()
    expect(await listed()).toEqual([])
  })

  it('is what was added by hand as ours, never what is another’s or nobody’s; none of it is touched', async () => {
    const stranger = newId()
    const added = (of: string, suffix: string) => {
      authentik.addGroup({ name: `group-${suffix}`, attributes: { tenantId: of } })
      stalwart.addAccount({ email: `${suffix}@acme.example`, stamp: `tenantry:${of}:${newId()}` })
      ocis.addDrive({ name: `space-${suffix}`, description: `[tenantry:space:${of}]`, isOurs: true })
    }
    added(stranger, 'nobodys')
    authentik.addGroup({ name: 'by-hand' })
    stalwart.addAccount({ email: 'by-hand@acme.example' })
    ocis.addDrive({ name: 'by-hand', isOurs: false })
    authentik.addGroup({ name: 'group-second', attributes: { tenantId: ids.acme } })
    await sweep()
    expect(brief(await listed())).toEqual(['authentik group unknown', 'authentik members unknown'])
    expect(await listed('other')).toEqual([])
    const all = (await operator.get('/api/operator/drift')).json.items as (Listed & { tenant: unknown })[]
    const nobodys = all.filter(({ tenant }) => tenant === null)
    expect(brief(nobodys)).toEqual([
      'authentik group unknown',
      'authentik members unknown',
      'ocis space unknown',
      'stalwart account unknown',
    ])
    await repairAll()
    await sweep()
    const names = [
      ...authentik.groups().map(({ name }) => name),
      ...stalwart.accounts().map(({ email }) => email),
      ...ocis.drives().map(({ name }) => name),
    ]
    for (const name of ['group-nobodys', 'nobodys@acme.example', 'space-nobodys', 'by-hand', 'group-second'])
      expect(names).toContain(name)
    expect((await operator.get('/api/operator/drift')).json.items).toHaveLength(all.length)
  })

  it('stays accepted or ignored until something else is found', async () => {
    ocis.changeDrive(space()?.id ?? '', { name: 'As we like it' })
    stalwart.changeAccount('ada@acme.example', { description: 'Countess' })
    await sweep()
    const of = async (kind: string, query = '') =>
      (await listed('acme', query)).find((one) => one.kind === kind)
    await operator.post(`/api/tenants/acme/drift/${(await of('space'))?.id}/accept`)
    await operator.post(`/api/tenants/acme/drift/${(await of('account'))?.id}/ignore`)
    await sweep()
    expect(await of('space')).toMatchObject({ status: 'accepted' })
    expect(await of('account')).toBeUndefined()
    expect(await of('account', '?status=ignored')).toMatchObject({ status: 'ignored' })
    ocis.changeDrive(space()?.id ?? '', { name: 'As nobody likes it' })
    stalwart.changeAccount('ada@acme.example', { canSignIn: false })
    await sweep()
    expect([await of('space'), await of('account')]).toMatchObject([{ status: 'open' }, { status: 'open' }])
  })
})
