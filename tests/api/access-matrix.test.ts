import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { may, type TenantStanding } from '#server/domain/tenants/tenants'
import { describeEachDatabase, makeDatabase } from '../harness/databases'
import type { HttpClient } from '../harness/http'
import { password, startPortal, type Portal } from '../harness/portal'
import { routes } from '../harness/routes'

/** The routes that anybody reaches in Tenantry's own name. A new one belongs here only with a second thought. */
const doors = [
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

const isOpen = ({ definition }: (typeof placed)[number]) =>
  ['anyone', 'entry'].includes(definition.access.kind)
const guarded = placed.filter((route) => !isOpen(route))
const nowhere = '0190a5b0-0000-7000-8000-000000000000'

/** What a route with a body is called with, so that it does what it is for. `SPARE` is an address of nobody. */
const bodies: Record<string, unknown> = {
  'PATCH /api/settings': { portalName: 'Matrix' },
  'PATCH /api/settings/oidc': { groupsClaim: 'groups' },
  'POST /api/settings/oidc/test': {},
  'PATCH /api/subscriptions/:slug': { plan: 'pro' },
  'PATCH /api/tenants/:slug': { name: 'Another name' },
  'PATCH /api/tenants/:slug/members/:userId': { role: 'member' },
  'PATCH /api/tenants/:slug/subscription': { plan: 'pro' },
  'PATCH /api/users/me/passkeys/:id': { name: 'Another name' },
  'PATCH /api/users/:id': { name: 'Another name' },
  'PATCH /api/users/me/profile': { locale: 'en' },
  'POST /api/operator/retry': { service: 'authentik' },
  'POST /api/tenants': { slug: 'SPARE', name: 'Spare' },
  'POST /api/tenants/:slug/domains': { name: 'SPARE.example.org' },
  'POST /api/tenants/:slug/invitations': { email: 'SPARE@example.org', role: 'member' },
  'POST /api/tenants/:slug/members': { email: 'spare-member@example.org', role: 'member' },
  'POST /api/users': { email: 'SPARE@example.org', name: 'Spare' },
}

/** What needs more than a session, and how such a route says so once it has let the caller in; undefined: in some way. */
const ownRefusals: Record<string, string | undefined> = {
  'DELETE /api/users/me/second-factor/totp': 'second_factor.not_set_up',
  'DELETE /api/users/me/identities/:id': 'identity.not_found',
  'PATCH /api/users/me/password': 'request.invalid',
  'POST /api/auth/oidc/link': 'auth.provider_not_configured',
  'POST /api/settings/oidc/test': 'settings.provider_missing',
  'POST /api/auth/step-up': 'request.invalid',
  'POST /api/auth/step-up/passkey-options': undefined,
  'POST /api/tenants/:slug/onboarding/resend': 'onboarding.no_mail_server',
  'POST /api/tenants/:slug/restore': 'tenant.not_deleted',
  'POST /api/users/me/passkeys': 'request.invalid',
  'POST /api/users/me/second-factor/recovery-codes': undefined,
  'POST /api/users/me/second-factor/totp/confirm': 'request.invalid',
  'GET /api/tenants/:slug/provisioning/events': 'request.invalid',
}

const standings = ['nobody', 'disabled', 'ended', 'stranger', 'member', 'admin', 'owner', 'operator'] as const
type Standing = (typeof standings)[number]

/** What the declared access says of somebody: status and code; undefined: they are let in. */
function refusal({ definition: { access } }: (typeof placed)[number], who: Standing) {
  if (who === 'nobody') return [401, 'auth.required']
  if (who === 'disabled') return [401, 'auth.user_disabled']
  if (who === 'ended') return [401, 'auth.session_ended']
  if (access.kind === 'operator') return who === 'operator' ? undefined : [403, 'access.denied']
  if (access.kind !== 'tenant') return undefined
  if (who === 'stranger') return [404, 'tenant.not_found']
  return may(who satisfies TenantStanding, access.permission) ? undefined : [403, 'access.denied']
}
const refusalCodes = [
  ...['auth.required', 'auth.user_disabled', 'auth.session_ended', 'auth.second_factor_required'],
  ...['auth.step_up_required', 'access.denied', 'tenant.not_found', 'csrf.refused', 'route.not_found'],
]

describeEachDatabase('who may call what', (given) => {
  let portal: Portal
  const browsers = new Map<Standing, HttpClient>()
  let boss: HttpClient
  let spareMember: string
  let tenants = 0
  let shared: string

  beforeAll(async () => {
    portal = await startPortal(given.url)
    boss = await portal.operator()
    browsers.set('nobody', portal.browser())
    browsers.set('operator', boss)
    for (const who of ['disabled', 'ended', 'stranger', 'member', 'admin', 'owner'] as const)
      browsers.set(who, await portal.signedIn({ email: `${who}@example.org` }))
    const spare = await boss.post('/api/users', { email: 'spare-member@example.org', name: 'Spare' })
    spareMember = spare.json.id
    const { items } = (await boss.get('/api/users?search=disabled')).json
    await boss.patch(`/api/users/${items[0].id}`, { status: 'disabled' })
    const again = portal.browser()
    await again.post('/api/auth/login', { email: 'ended@example.org', password })
    await again.delete('/api/users/me/sessions')
    shared = await freshTenant()
    await boss.post('/api/tenants', { slug: 'elsewhere', name: 'Of the stranger' })
    await boss.post('/api/tenants/elsewhere/members', { email: 'stranger@example.org', role: 'owner' })
  })
  afterAll(() => portal.close())

  const as = (who: Standing) => browsers.get(who) as HttpClient

  /** A tenant that nothing was done with yet, with a member of each role. */
  async function freshTenant(): Promise<string> {
    const slug = `matrix-${++tenants}`
    await boss.post('/api/tenants', { slug, name: 'Matrix', plan: 'pro' })
    for (const role of ['member', 'admin', 'owner'] as const)
      await boss.post(`/api/tenants/${slug}/members`, { email: `${role}@example.org`, role })
    return slug
  }

  /** The route's address in a tenant, and whether what it names beside the tenant is there. */
  function addressOf({ path, name }: (typeof placed)[number], slug: string) {
    const user = name === 'DELETE /api/users/:id' ? nowhere : spareMember
    const named = path
      .replace(':slug', slug)
      .replace(':userId', spareMember)
      .replace(/^\/api\/users\/:id/, `/api/users/${user}`)
    const isThere = !named.includes(':') && !named.includes(nowhere)
    const address = named.replace(/:\w+/g, nowhere)
    return { isThere, address }
  }

  /** What may be changed is another tenant each time, so that nobody's change is in the way of the next. */
  async function tenantFor({ name, method, path }: (typeof placed)[number]): Promise<string> {
    if (method === 'GET' || !path.includes('/:slug')) return shared
    const slug = await freshTenant()
    if (name.endsWith('/members/:userId'))
      await boss.post(`/api/tenants/${slug}/members`, { email: 'spare-member@example.org', role: 'member' })
    return slug
  }

  it.each(guarded.map((route) => [route.name, route] as const))('%s', async (name, route) => {
    const isStream = 'stream' in route.definition
    for (const who of standings) {
      const refused = refusal(route, who)
      const { address, isThere } = addressOf(route, refused ? shared : await tenantFor(route))
      const spare = `spare-${++tenants}`
      const body = name in bodies && JSON.parse(JSON.stringify(bodies[name]).replace('SPARE', spare))
      const path = isStream ? `${address}?lastEventId=none` : address
      const answer = await as(who).send(route.method, path, body ? { body } : {})
      if (refused) {
        expect([who, answer.status, answer.json?.code]).toEqual([who, ...refused])
        expect(answer.headers.get('content-type')).toBe('application/problem+json')
        expect(answer.json.requestId).toBe(answer.headers.get('x-request-id'))
        continue
      }
      expect([who, answer.status, refusalCodes.includes(answer.json?.code)]).toEqual([
        who,
        answer.status,
        false,
      ])
      const success = route.definition.status ?? (route.definition.response ? 200 : 204)
      if (name in ownRefusals) {
        const code = answer.status === success ? undefined : answer.json?.code
        if (code) expect([who, code]).toEqual([who, ownRefusals[name] ?? code])
      } else if (isThere) expect([who, answer.status, answer.text]).toEqual([who, success, answer.text])
      else expect([who, answer.status]).toEqual([who, 404])
    }
  })

  it('calls nothing that is not there', () => {
    const names = placed.map(({ name }) => name)
    expect(names).toEqual(expect.arrayContaining([...Object.keys(bodies), ...Object.keys(ownRefusals)]))
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
