import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { may, type TenantStanding } from '#server/domain/tenants/tenants'
import { makeDatabase, type MadeDatabase } from '../harness/databases'
import type { HttpClient } from '../harness/http'
import { startPortal, type Portal } from '../harness/portal'
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

describe('who may call what', () => {
  const standings = ['nobody', 'stranger', 'member', 'admin', 'owner', 'operator'] as const
  let made: MadeDatabase
  let portal: Portal
  const browsers = new Map<(typeof standings)[number], HttpClient>()

  beforeAll(async () => {
    made = await makeDatabase('sqlite')
    portal = await startPortal(made.url)
    const boss = await portal.operator()
    await boss.post('/api/tenants', { slug: 'matrix', name: 'Matrix' })
    browsers.set('nobody', portal.browser())
    browsers.set('operator', boss)
    for (const standing of ['stranger', 'member', 'admin', 'owner'] as const) {
      browsers.set(standing, await portal.signedIn({ email: `${standing}@example.org` }))
      if (standing !== 'stranger')
        await boss.post('/api/tenants/matrix/members', { email: `${standing}@example.org`, role: standing })
    }
  })
  afterAll(async () => {
    await portal.close()
    await made.remove()
  })

  /** What the declared access says of somebody; undefined: they are let in. */
  function refusal(route: (typeof placed)[number], standing: (typeof standings)[number]): number | undefined {
    const { access } = route.definition
    if (access.kind === 'anyone' || access.kind === 'entry') return undefined
    if (standing === 'nobody') return 401
    if (access.kind === 'caller' || access.kind === 'session') return undefined
    if (access.kind === 'operator') return standing === 'operator' ? undefined : 403
    if (standing === 'stranger') return 404
    return may(standing satisfies TenantStanding, access.permission) ? undefined : 403
  }

  const guarded = placed.filter(({ definition }) => !['anyone', 'entry'].includes(definition.access.kind))

  it.each(guarded.map((route) => [route.name, route] as const))('%s', async (_, route) => {
    for (const standing of standings) {
      const expected = refusal(route, standing)
      if (expected === undefined) continue
      const path = route.path
        .replace(':slug', 'matrix')
        .replace(/:\w+/g, '0190a5b0-0000-7000-8000-000000000000')
      const answer = await browsers.get(standing)?.send(route.method, path)
      expect([standing, answer?.status]).toEqual([standing, expected])
      expect(answer?.headers.get('content-type')).toBe('application/problem+json')
      expect(answer?.json.requestId).toBe(answer?.headers.get('x-request-id'))
    }
  })

  it('lets in whom it does not refuse: one reading of each kind', async () => {
    for (const [standing, path] of [
      ['stranger', '/api/tenants'],
      ['member', '/api/tenants/matrix'],
      ['admin', '/api/tenants/matrix/audit'],
      ['owner', '/api/tenants/matrix/members'],
      ['operator', '/api/users'],
    ] as const)
      expect([standing, (await browsers.get(standing)?.get(path))?.status]).toEqual([standing, 200])
  })
})
