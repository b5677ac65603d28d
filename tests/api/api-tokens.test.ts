import { afterAll, beforeAll, expect, it } from 'vitest'
import type { AcceptClaim } from '#shared/contracts/machines'
import { newApiToken } from '#server/identities/token-format'
import { sha256 } from '#server/lib/ids'
import { describeEachDatabase, makeDatabase } from '../harness/databases'
import type { HttpClient } from '../harness/http'
import { startPortal, TestClock, type Portal } from '../harness/portal'

const daySeconds = 86_400

describeEachDatabase('API tokens', (given) => {
  const clock = new TestClock()
  let portal: Portal
  let other: Portal
  let boss: HttpClient
  let admin: HttpClient
  const at = '/api/tenants/acme/api-tokens'
  const wanted = { name: 'Nightly', scopes: ['members:read'], expiresInDays: 30 }

  const signIn = async () => {
    boss = await portal.operator()
    admin = await portal.signedIn({ email: 'admin@example.org' })
  }
  beforeAll(async () => {
    portal = await startPortal(given.url, { clock })
    other = await startPortal(given.url, { clock })
    await signIn()
    for (const slug of ['acme', 'other']) await boss.post('/api/tenants', { slug, name: slug, plan: 'pro' })
    await boss.post('/api/tenants/acme/members', { email: 'admin@example.org', role: 'admin' })
  })
  afterAll(async () => {
    await portal.close()
    await other.close()
  })

  const create = async (over: object = {}, by = admin) => {
    const { status, json } = await by.post(at, { ...wanted, ...over })
    expect([status, json.code]).toEqual([201, undefined])
    return json as { id: string; token: string; ending: string; vaults: unknown[]; principal: AcceptClaim }
  }
  const use = (token: string, path = '/api/me', from = portal) =>
    from.browser().get(path, { authorization: `Bearer ${token}` })
  const codeOf = ({ status, json }: { status: number; json?: { code?: string } }) =>
    `${status} ${json?.code ?? ''}`.trim()
  const auditOf = async (id: string) =>
    (await boss.get('/api/tenants/acme/audit?limit=200')).json.items.filter(
      ({ subject }: { subject: { id: string } }) => subject.id === id,
    )

  it('are shown once, and nowhere kept', async () => {
    const { token, id, ...shown } = await create()
    expect(token).toMatch(/^tnt_[\w-]{43}[0-9A-Za-z]{6}$/)
    expect(shown).toMatchObject({
      ...{ name: 'Nightly', ending: token.slice(-4), scopes: ['members:read'], lastUsedAt: null },
      principal: { owner: { kind: 'member', name: 'admin' }, role: 'member' },
      expiresAt: new Date(clock.now().getTime() + 30 * daySeconds * 1000).toISOString(),
      revokedAt: null,
    })
    const listed = await admin.get(at)
    expect(listed.json.items[0]).toEqual({ id, ...shown })
    const { client } = given.database
    const kept = JSON.stringify([
      await client.apiToken.findMany(),
      await client.auditEntry.findMany(),
      (await client.cacheEntry.findMany()).map(({ value }) => value),
    ])
    expect(kept + listed.text).not.toContain(token)
    expect(kept).toContain(sha256(token))
    expect(await auditOf(id)).toMatchObject([
      { action: 'token.created', actor: { kind: 'user' }, after: { scopes: 'members:read', for: 'member' } },
    ])
  })

  it('may what they are made for, and nothing else', async () => {
    const { token, id } = await create({ service: 'reports' })
    expect((await use(token, '/api/tenants/acme/members')).status).toBe(200)
    for (const [path, code] of [
      ['/api/tenants/acme', '403 access.denied'],
      ['/api/tenants/acme/audit', '403 access.denied'],
      ['/api/tenants/other', '404 tenant.not_found'],
      ['/api/tenants', '403 access.denied'],
      ['/api/users/me/profile', '403 access.denied'],
      [at, '403 access.denied'],
    ] as const)
      expect([path, codeOf(await use(token, path))]).toEqual([path, code])
    expect((await use(token)).json).toMatchObject({
      ...{ identity: null, token: { id, name: 'Nightly' }, tenant: { slug: 'acme' } },
      principal: { owner: { kind: 'service', name: 'reports' }, role: 'member' },
      vaults: [{ handle: 'default', isDefault: true }],
    })
    const { headers, json } = await use(token, '/api/users/me')
    expect([headers.get('etag'), json.token.id]).toEqual([expect.any(String), id])
  })

  it('are named in the audit by what they do', async () => {
    const { token, id } = await create({ name: 'Renamer', role: 'admin', scopes: ['tenant:update'] })
    const { status } = await portal.browser().send('PATCH', '/api/tenants/acme', {
      body: { name: 'Acme & Co' },
      headers: { authorization: `Bearer ${token}` },
    })
    expect(status).toBe(200)
    const [entry] = (await boss.get('/api/tenants/acme/audit')).json.items
    expect(entry).toMatchObject({ action: 'tenant.updated', actor: { kind: 'token', id, name: 'Renamer' } })
  })

  it('end at once when they are revoked, on every replica', async () => {
    const { token, id } = await create()
    expect((await use(token, '/api/me', other)).status).toBe(200)
    for (let times = 0; times < 2; times += 1) expect((await admin.delete(`${at}/${id}`)).status).toBe(204)
    for (const from of [portal, other]) {
      const refused = await use(token, '/api/me', from)
      expect(codeOf(refused)).toBe('401 token.revoked')
      expect(refused.headers.get('www-authenticate')).toBe('Bearer error="invalid_token"')
    }
    expect((await auditOf(id)).map(({ action }: { action: string }) => action)).toEqual([
      'token.revoked',
      'token.created',
    ])
    const { status } = await admin.delete(`${at}/0190a5b0-0000-7000-8000-000000000000`)
    expect(status).toBe(404)
  })

  it('are refused where they are none, or none of ours', async () => {
    const { token } = await create()
    const changed = token.replace(/.$/, token.endsWith('x') ? 'y' : 'x')
    for (const wrong of [changed, newApiToken(), 'tnt_', `tnt_${'a'.repeat(49)}`, `${token}${token}`])
      expect([wrong, codeOf(await use(wrong))]).toEqual([wrong, '401 token.unknown'])
    const { client } = given.database
    const refusals = await client.auditEntry.findMany({ where: { action: 'token.refused' } })
    expect(refusals.length).toBeGreaterThan(0)
    expect(JSON.stringify(refusals)).not.toContain(token.slice(4, 20))
    const mixed = await admin.get('/api/me', { authorization: `Bearer ${token}` })
    expect(codeOf(mixed)).toBe('400 auth.ambiguous')
  })

  it('note their last use by the minute', async () => {
    const { token, id } = await create()
    const { client } = given.database
    const usedAt = async () => {
      await portal.container.errands.settled()
      return (await client.apiToken.findUniqueOrThrow({ where: { id } })).lastUsedAt
    }
    await use(token)
    const first = clock.now()
    expect(await usedAt()).toEqual(first)
    clock.advance(59)
    await use(token)
    expect(await usedAt()).toEqual(first)
    clock.advance(1)
    await use(token)
    expect(await usedAt()).toEqual(clock.now())
  })

  it('are made by members alone who may themselves, with scopes and an end', async () => {
    const runner = await portal.signedIn({ email: 'runner@example.org', operator: true })
    expect(codeOf(await runner.post(at, wanted))).toBe('403 grant.members_only')
    for (const wrong of [
      { scopes: [] },
      { scopes: undefined },
      { scopes: ['machines:manage'] },
      { expiresInDays: 367 },
      { expiresInDays: undefined },
      { role: 'owner' },
      { service: 'No Service' },
    ])
      expect((await admin.post(at, { ...wanted, ...wrong })).status).toBe(422)
    expect(codeOf(await admin.post(at, { ...wanted, scopes: ['audit:read'] }))).toBe(
      '422 grant.scopes_beyond_role',
    )
  })

  it('are sent again to who repeats the call, and to nobody else', async () => {
    const key = { 'idempotency-key': 'make-it-once' }
    const [one, again] = [await admin.post(at, wanted, key), await admin.post(at, wanted, key)]
    expect(again.json).toEqual(one.json)
    const keptToken = one.json.token as string
    const entries = await given.database.client.cacheEntry.findMany()
    expect(entries.some(({ value }) => value.includes(keptToken))).toBe(false)
  })

  it('are over by their time, and not made from a session that was not proven lately', async () => {
    const { token } = await create({ expiresInDays: 1 })
    clock.advance(daySeconds - 1)
    expect((await use(token)).status).toBe(200)
    clock.advance(1)
    expect(codeOf(await use(token))).toBe('401 token.expired')
    await signIn()
    clock.advance(601)
    expect(codeOf(await admin.post(at, wanted))).toBe('403 auth.step_up_required')
  })
})

it('work where people sign in at a provider alone', async () => {
  const made = await makeDatabase('sqlite')
  const standalone = await startPortal(made.url)
  const boss = await standalone.operator()
  await boss.post('/api/tenants', { slug: 'acme', name: 'Acme' })
  const { token } = (
    await boss.post('/api/tenants/acme/api-tokens', { name: 'x', scopes: ['tenant:read'], expiresInDays: 1 })
  ).json
  await standalone.close()
  const portal = await startPortal(made.url, {
    env: {
      AUTH_MODE: 'oidc-only',
      OIDC_ISSUER: 'https://id.example.org/',
      OIDC_CLIENT_ID: 'tenantry',
      OIDC_CLIENT_SECRET: 'a secret',
    },
  })
  try {
    const { status } = await portal.browser().get('/api/tenants/acme', { authorization: `Bearer ${token}` })
    expect(status).toBe(200)
  } finally {
    await portal.close()
    await made.remove()
  }
})
