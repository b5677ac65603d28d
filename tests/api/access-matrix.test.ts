import { sendRedirect, type H3Event } from 'h3'
import { afterAll, beforeAll, describe, expect, it, vi } from 'vitest'
import { may, type TenantStanding } from '#server/domain/tenants/tenants'
import { newId } from '#server/lib/ids'
import { describeEachDatabase, makeDatabase } from '../harness/databases'
import { startForgingProvider, type ForgingProvider } from '../harness/forging-provider'
import type { HttpClient } from '../harness/http'
import { startMailbox, type Mailbox } from '../harness/mailbox'
import { startNameServer, type NameServer } from '../harness/name-server'
import { password, startPortal, type Portal } from '../harness/portal'
import { routes } from '../harness/routes'
import { calls, type CallMeans } from './matrix/calls'
import { listedKindOf, rowKindOf, type Owner, type Row } from './matrix/rows'

// nuxt-oidc-auth is there in a build alone: tests/e2e goes through it.
vi.mock('nuxt-oidc-auth/runtime/providers/index.js', () => ({ oidc: {} }))
vi.mock('nuxt-oidc-auth/runtime/server/handler/login.get.js', () => ({
  default: (event: H3Event) => sendRedirect(event, `https://id.example.org/?state=${newId()}`),
}))

/** The routes that anybody reaches in Tenantry's own name. A new one belongs here only with a second thought. */
const doors = [
  'GET /metrics',
  'GET /api/portal',
  'GET /api/setup',
  'POST /api/setup',
  'POST /api/auth/login',
  'POST /api/auth/logout',
  'GET /api/invitations/:token',
  'POST /api/invitations/:token/accept',
  'POST /api/auth/second-factor',
  'POST /api/auth/second-factor/passkey-options',
  'POST /api/auth/passkey',
  'POST /api/auth/passkey/options',
  'POST /api/auth/password/forgot',
  'POST /api/auth/password/reset',
  'GET /api/auth/oidc/start',
  'GET /api/auth/oidc/complete',
  'GET /auth/oidc/login',
  'GET /auth/oidc/callback',
  'GET /auth/oidc/logout',
  'POST /auth/oidc/logout',
  'POST /auth/oidc/backchannel-logout',
]
const openToAll = ['GET /api/openapi.json', 'GET /health', 'GET /ready']

const placed = await Promise.all(
  routes.map(async ({ method, path, load }) => ({
    name: `${method} ${path}`,
    method,
    path,
    ...(await load()),
  })),
)

describe('every route', () => {
  it('declares its access, and the doors are those that are listed', () => {
    expect(placed.length).toBeGreaterThan(40)
    const namesOf = (kind: string) =>
      placed.filter(({ definition }) => definition.access.kind === kind).map(({ name }) => name)
    expect(namesOf('entry').sort()).toEqual(doors.toSorted())
    expect(namesOf('anyone').sort()).toEqual(openToAll.toSorted())
  })
})

type Placed = (typeof placed)[number]
const isOpen = ({ definition }: Placed) => ['anyone', 'entry'].includes(definition.access.kind)
const guarded = placed.filter((route) => !isOpen(route))
const nowhere = '0190a5b0-0000-7000-8000-000000000000'

const standings = ['nobody', 'disabled', 'ended', 'stranger', 'member', 'admin', 'owner', 'operator'] as const
type Standing = (typeof standings)[number]

/** What the declared access says of somebody: status and code; undefined: they are let in. */
function refusal({ definition: { access } }: Placed, who: Standing) {
  if (access.kind === 'key') return [401, 'auth.proof_required']
  if (who === 'nobody') return [401, 'auth.required']
  if (who === 'disabled') return [401, 'auth.user_disabled']
  if (who === 'ended') return [401, 'auth.session_ended']
  if (access.kind === 'operator') return who === 'operator' ? undefined : [403, 'access.denied']
  if (access.kind === 'vault' || access.kind === 'lease') {
    if (who === 'stranger') return [404, `${access.kind}.not_found`]
    // For machines alone.
    if (access.permission === 'secrets:lease') return [403, 'access.denied']
    return who === 'member' ? [403, 'access.denied'] : undefined
  }
  if (access.kind !== 'tenant') return undefined
  if (who === 'stranger') return [404, 'tenant.not_found']
  return may(who satisfies TenantStanding, access.permission) ? undefined : [403, 'access.denied']
}

describeEachDatabase('who may call what', (given) => {
  let portal: Portal
  let mailbox: Mailbox
  let names: NameServer
  let provider: ForgingProvider
  const browsers = new Map<Standing, HttpClient>()
  const ids = new Map<Standing, string>()
  let boss: HttpClient
  let count = 0
  let shared: string
  const elsewhere = 'elsewhere'

  beforeAll(async () => {
    mailbox = await startMailbox()
    names = await startNameServer()
    provider = await startForgingProvider()
    portal = await startPortal(given.url, {
      env: {
        SMTP_URL: mailbox.url,
        MAIL_FROM: 'portal@example.org',
        DNS_RESOLVER: names.address,
        INTEGRATIONS_ALLOW_PRIVATE: 'on',
      },
    })
    boss = await portal.operator()
    const settings = { issuer: provider.issuer, clientId: 'tenantry', clientSecret: 'a secret of ours' }
    expect((await boss.patch('/api/settings/oidc', settings)).status).toBe(200)
    browsers.set('nobody', portal.browser())
    browsers.set('operator', boss)
    for (const who of ['disabled', 'ended', 'stranger', 'member', 'admin', 'owner'] as const)
      browsers.set(who, await portal.signedIn({ email: `${who}@example.org` }))
    for (const who of standings)
      if (who !== 'nobody') ids.set(who, (await as(who).get('/api/auth/session')).json.user.id)
    await boss.patch(`/api/users/${ids.get('disabled')}`, { status: 'disabled' })
    const again = portal.browser()
    await again.post('/api/auth/login', { email: 'ended@example.org', password })
    await again.delete('/api/users/me/sessions')
    shared = await freshTenant()
    await boss.post('/api/tenants', { slug: elsewhere, name: 'Of the stranger', plan: 'pro' })
    await boss.post(`/api/tenants/${elsewhere}/members`, { email: 'stranger@example.org', role: 'owner' })
    await boss.delete(`/api/tenants/${elsewhere}/members/${ids.get('operator')}`)
  })
  afterAll(async () => {
    await portal?.close()
    await provider?.stop()
    await names?.stop()
    await mailbox?.stop()
  })

  const as = (who: Standing) => browsers.get(who) as HttpClient
  const idOf = (who: Standing) => ids.get(who) ?? ''
  const fresh = () => `matrix-${(count += 1)}`
  const rowMeans = () => ({
    ...{ db: given.database.client, boss, names, fresh },
    claimTokens: portal.container.claimTokens,
  })

  async function freshUser(): Promise<{ id: string; email: string }> {
    const { status, json } = await boss.post('/api/users', {
      email: `${fresh()}@example.org`,
      name: 'Somebody',
    })
    expect(status).toBe(201)
    return json
  }

  /** A tenant that nothing was done with yet, with a member of each role. */
  async function freshTenant(): Promise<string> {
    const slug = fresh()
    await boss.post('/api/tenants', { slug, name: 'Matrix', plan: 'pro' })
    for (const role of ['member', 'admin', 'owner'] as const)
      await boss.post(`/api/tenants/${slug}/members`, { email: `${role}@example.org`, role })
    return slug
  }

  /** What may be changed is another tenant each time, so that nobody's change is in the way of the next. */
  const tenantFor = async ({ method, path }: Placed) =>
    method === 'GET' || !path.includes('/:slug') ? shared : freshTenant()

  /** The path with a row's parameters; those of tenant and person are the owner's. */
  function addressOf({ path }: Placed, { slug, userId }: Owner, row?: Row): string {
    const owned = path.replace('/:slug', `/${slug}`).replace(/^\/api\/users\/:id/, `/api/users/${userId}`)
    return owned.replace(/:(\w+)/g, (parameter, name: string) => row?.params[name] ?? parameter)
  }

  /** Whose what a call names is: the tenant's, the caller's own, or somebody's whom an operator looks at. */
  const ownerFor = async ({ path }: Placed, slug: string, who: Standing): Promise<Owner> => ({
    slug,
    userId: path.startsWith('/api/users/:id') ? (await freshUser()).id : idOf(who),
  })

  const callMeans = (slug: string, who: Standing): CallMeans => ({
    ...rowMeans(),
    ...{ slug, browser: as(who), userId: idOf(who), issuer: provider.issuer },
    spareEmail: async () => (await freshUser()).email,
  })

  async function call(who: Standing, { method, path }: Placed, address: string, body?: unknown) {
    if (path.endsWith('/events')) return firstOfStream(who, address)
    return as(who).send(method, address, { ...(body !== undefined && { body }) })
  }

  /** The beginning of a stream of events, which has no end; a refusal of it whole. */
  async function firstOfStream(who: Standing, address: string) {
    const { url, cookie = '' } = as(who)
    const leave = new AbortController()
    const { status, headers, body } = await fetch(url + address, {
      headers: { cookie },
      signal: leave.signal,
    })
    const reader = body?.getReader()
    let text = ''
    for (let part = await reader?.read(); part && !part.done; part = await reader?.read()) {
      text += new TextDecoder().decode(part.value)
      if (status === 200) break
    }
    leave.abort()
    return { status, headers, text, json: status === 200 ? undefined : JSON.parse(text) }
  }

  const successOf = ({ definition }: Placed) => definition.status ?? (definition.response ? 200 : 204)

  describe.each(guarded.map((route) => [route.name, route] as const))('%s', (name, route) => {
    const kind = rowKindOf(route.path)
    const refused = standings.filter((who) => refusal(route, who))
    const letIn = standings.filter((who) => !refusal(route, who))

    it('refuses whom its access does not name, and changes nothing', async () => {
      const owner = await ownerFor(route, shared, 'owner')
      const row = await kind?.make(rowMeans(), owner)
      const before = await row?.read()
      for (const who of refused) {
        const answer = await call(
          who,
          route,
          addressOf(route, owner, row),
          route.method === 'GET' ? undefined : {},
        )
        expect([who, answer.status, answer.json?.code]).toEqual([who, ...(refusal(route, who) ?? [])])
        expect(answer.headers.get('content-type')).toBe('application/problem+json')
        expect(answer.json.requestId).toBe(answer.headers.get('x-request-id'))
      }
      expect(await row?.read()).toEqual(before)
    })

    it('does what it is for, for everybody else', async () => {
      for (const who of letIn) {
        const slug = await tenantFor(route)
        const means = callMeans(slug, who)
        const body = await calls[name]?.(means)
        const owner = await ownerFor(route, slug, who)
        const row = await kind?.make(rowMeans(), owner)
        const answer = await call(who, route, addressOf(route, owner, row), body)
        expect([who, answer.status, answer.text]).toEqual([who, successOf(route), answer.text])
      }
    })

    const listed = route.method === 'GET' ? listedKindOf(route.path) : undefined
    if (listed)
      it('shows what is of the tenant or person that was asked for, and nothing else', async () => {
        for (const who of letIn) {
          const owner = await ownerFor(route, shared, who)
          const [own, foreign] = await Promise.all([
            listed?.make(rowMeans(), owner),
            listed?.make(rowMeans(), { slug: elsewhere, userId: idOf('stranger') }),
          ])
          if (who === 'stranger') continue
          const { text } = await call(who, route, addressOf(route, owner))
          expect([who, text.includes(own?.shownBy ?? '?')]).toEqual([who, true])
          expect([who, text.includes(foreign?.shownBy ?? '')]).toEqual([who, false])
        }
      })

    if (kind && !kind.everybodys)
      it('does not find what is another’s, though it is there, and leaves it as it is', async () => {
        for (const who of letIn.filter((standing) => standing !== 'stranger')) {
          const foreign = await kind?.make(rowMeans(), { slug: elsewhere, userId: idOf('stranger') })
          const before = await foreign?.read()
          expect(before).toBeTruthy()
          const body = await calls[name]?.(callMeans(shared, who))
          const owner = await ownerFor(route, shared, who)
          const answer = await call(who, route, addressOf(route, owner, foreign), body)
          const isOperatorAtVault =
            who === 'operator' && ['vault', 'lease'].includes(route.definition.access.kind)
          const absence = isOperatorAtVault ? [403, 'access.denied'] : [404, kind?.absent]
          expect([who, answer.status, answer.json?.code]).toEqual([who, ...absence])
          expect([who, await foreign?.read()]).toEqual([who, before])
        }
      })
  })

  it('prepares no call that is not there', () => {
    expect(placed.map(({ name }) => name)).toEqual(expect.arrayContaining(Object.keys(calls)))
  })

  const tenantPaths = [
    ...new Set(
      placed
        .filter(({ path }) => path.includes('/:slug') && path !== '/api/slugs/:slug')
        .map(({ path }) => path),
    ),
  ]

  it.each(tenantPaths)(
    '%s answers of a tenant that one may not know of as of one that is not there',
    async (path) => {
      for (const method of ['GET', 'HEAD', 'POST', 'PUT', 'PATCH', 'DELETE'])
        for (const who of ['nobody', 'stranger'] as const) {
          const told = async (slug: string) => {
            const address = path.replace(':slug', slug).replace(/:\w+/g, nowhere)
            const { status, headers, text, json } = await as(who).send(method, address, {
              ...(method !== 'GET' && method !== 'HEAD' && { body: { name: 'Mine', role: 'owner' } }),
            })
            const { 'x-request-id': _id, date: _date, ...rest } = Object.fromEntries(headers)
            return { status, headers: rest, body: json ? { ...json, requestId: '' } : text }
          }
          const absent = await told('matrix-none')
          expect([who, method, await told(shared)]).toEqual([who, method, absent])
          expect(absent.status).toBeGreaterThanOrEqual(400)
        }
    },
  )
})

it('in oidc-only mode, what is of local accounts is not there, for anybody', async () => {
  const made = await makeDatabase('sqlite')
  const portal = await startPortal(made.url, {
    env: {
      AUTH_MODE: 'oidc-only',
      OIDC_ISSUER: 'https://id.example.org/',
      OIDC_CLIENT_ID: 'tenantry',
      OIDC_CLIENT_SECRET: 'a secret',
    },
  })
  try {
    const local = placed.filter(
      ({ definition }) => definition.modes && !definition.modes.includes('oidc-only'),
    )
    expect(local.length).toBeGreaterThan(15)
    for (const { name, method, path } of local) {
      const answer = await portal
        .browser()
        .send(method, path.replace(/:\w+/g, nowhere), method === 'GET' ? {} : { body: {} })
      expect([name, answer.status, answer.json.code]).toEqual([name, 404, 'route.not_found'])
    }
  } finally {
    await portal.close()
    await made.remove()
  }
})
