import { afterAll, beforeAll, expect, it } from 'vitest'
import type { AcceptClaim } from '#shared/contracts/machines'
import { claimMachine } from '../harness/claims'
import { describeEachDatabase } from '../harness/databases'
import type { HttpClient } from '../harness/http'
import { startPortal, type Portal } from '../harness/portal'

describeEachDatabase('the machines of a tenant', (given) => {
  let portal: Portal
  let other: Portal
  let boss: HttpClient
  let admin: HttpClient
  let count = 0
  const at = '/api/tenants/acme/identities'

  beforeAll(async () => {
    portal = await startPortal(given.url)
    other = await startPortal(given.url)
    boss = await portal.operator()
    for (const slug of ['acme', 'other']) await boss.post('/api/tenants', { slug, name: slug, plan: 'pro' })
    admin = (await join('acme', 'admin')).browser
  })
  afterAll(async () => {
    await portal.close()
    await other.close()
  })

  /** Somebody new in a tenant. */
  async function join(slug: string, role: string) {
    const email = `person-${(count += 1)}@example.org`
    const browser = await portal.signedIn({ email })
    await boss.post(`/api/tenants/${slug}/members`, { email, role })
    return { email, browser, id: (await browser.get('/api/me')).json.user.id as string }
  }
  /** A tenant of its own, with an admin. */
  async function fresh() {
    const slug = `tenant-${(count += 1)}`
    await boss.post('/api/tenants', { slug, name: slug, plan: 'pro' })
    return { slug, admin: await join(slug, 'admin') }
  }
  const claimed = (input: Partial<AcceptClaim> = {}, by = admin) =>
    claimMachine(portal, by, { tenant: 'acme', ...input })
  const codeOf = ({ status, json }: { status: number; json?: { code?: string } }) =>
    `${status} ${json?.code ?? ''}`.trim()

  it('are shown to its members, page by page, and found by their handle', async () => {
    const { slug, admin } = await fresh()
    const handles: string[] = []
    for (let made = 0; made < 3; made += 1)
      handles.unshift((await claimed({ tenant: slug }, admin.browser)).handle)
    await admin.browser.post(`/api/tenants/${slug}/identities/${handles[0]}/revoke`)
    const { browser: member } = await join(slug, 'member')
    const list = async (query: string) => {
      const { json } = await member.get(`/api/tenants/${slug}/identities${query}`)
      return { ...json, handles: json.items.map(({ handle }: { handle: string }) => handle) }
    }
    const first = await list('?limit=2')
    expect(first.handles).toEqual(handles.slice(0, 2))
    expect((await list(`?limit=2&cursor=${first.nextCursor}`)).handles).toEqual(handles.slice(2))
    expect((await list('?status=revoked')).handles).toEqual(handles.slice(0, 1))
    const one = await member.get(`/api/tenants/${slug}/identities/${handles[1]}`)
    expect(one.json).toEqual(first.items[1])
    expect(codeOf(await admin.browser.get(`${at}/${handles[1]}`))).toBe('404 tenant.not_found')
    expect(codeOf(await boss.get(`${at}/${handles[1]}`))).toBe('404 identity.not_found')
  })

  it('are given more or less by an admin, which holds on their next call', async () => {
    const { call, handle } = await claimed()
    const members = () => call('GET', '/api/tenants/acme/members')
    const audit = () => call('GET', '/api/tenants/acme/audit')
    expect([(await members()).status, (await audit()).status]).toEqual([200, 403])

    const seen = await admin.get(`${at}/${handle}`)
    const etag = { 'if-match': seen.headers.get('etag') ?? '' }
    const narrowed = await admin.patch(`${at}/${handle}`, { scopes: ['tenant:read'] }, etag)
    expect(narrowed.json).toMatchObject({ scopes: ['tenant:read'] })
    expect((await members()).status).toBe(403)
    expect(codeOf(await admin.patch(`${at}/${handle}`, { scopes: null }, etag))).toBe(
      '412 identity.changed_meanwhile',
    )
    const beyond = await admin.patch(`${at}/${handle}`, { scopes: ['audit:read'] })
    expect(codeOf(beyond)).toBe('422 grant.scopes_beyond_role')
    const raised = await admin.patch(`${at}/${handle}`, { scopes: ['audit:read'], role: 'admin' })
    expect(raised.json).toMatchObject({ scopes: ['audit:read'], principal: { role: 'admin' } })
    expect([(await members()).status, (await audit()).status]).toEqual([403, 200])
    await admin.patch(`${at}/${handle}`, { scopes: null })
    expect([(await members()).status, (await audit()).status]).toEqual([200, 200])
    const { items } = (await admin.get('/api/tenants/acme/audit')).json
    expect(items[0]).toMatchObject({
      action: 'identity.changed',
      before: { scopes: 'audit:read' },
      after: { scopes: 'all' },
    })
  })

  it('reach the vaults that they are given, and those of another tenant never', async () => {
    const { client } = given.database
    const { handle } = await claimed()
    const vaultOf = async (slug: string) =>
      (await client.vault.findFirstOrThrow({ where: { tenant: { slug } } })).id
    const [own, foreign] = [await vaultOf('acme'), await vaultOf('other')]
    expect(codeOf(await admin.patch(`${at}/${handle}`, { vaults: [foreign] }))).toBe('404 vault.not_found')
    const { json } = await admin.patch(`${at}/${handle}`, { vaults: [own, own] })
    expect(json.vaults).toEqual([{ id: own, handle: 'default', isDefault: true }])
  })

  it('never do more than decide for themselves: what is granted is up to people', async () => {
    const { call, handle } = await claimed({ role: 'admin' })
    expect((await call('GET', '/api/tenants/acme/audit')).status).toBe(200)
    for (const [method, path, body] of [
      ['POST', '/api/tenants/acme/api-tokens', { name: 'x', scopes: ['tenant:read'], expiresInDays: 1 }],
      ['GET', '/api/tenants/acme/api-tokens', undefined],
      ['PATCH', `${at}/${handle}`, { scopes: null }],
      ['POST', `${at}/${handle}/revoke`, undefined],
      ['GET', '/api/tenants', undefined],
      ['GET', '/api/users', undefined],
      ['PATCH', '/api/users/me/profile', { name: 'x' }],
    ] as const)
      expect([path, codeOf(await call(method, path, body))]).toEqual([path, '403 access.denied'])
    expect(codeOf(await call('GET', '/api/tenants/other'))).toBe('404 tenant.not_found')
  })

  it('are given nothing by who runs the platform and is no member, who can revoke them', async () => {
    const { call, handle } = await claimed()
    const runner = await portal.signedIn({ email: 'runner@example.org', operator: true })
    expect(codeOf(await runner.patch(`${at}/${handle}`, { role: 'admin' }))).toBe('403 grant.members_only')
    expect((await runner.post(`${at}/${handle}/revoke`)).status).toBe(204)
    expect(codeOf(await call('GET', '/api/me'))).toBe('401 identity.revoked')
  })

  it('are revoked for good, on every replica', async () => {
    const { machine, handle, id } = await claimed()
    const asked = () =>
      Promise.all([portal, other].map((at) => machine.call(at.browser().url, 'GET', '/api/me')))
    expect((await asked()).map(({ status }) => status)).toEqual([200, 200])
    for (let times = 0; times < 2; times += 1)
      expect((await admin.post(`${at}/${handle}/revoke`)).status).toBe(204)
    expect((await asked()).map(codeOf)).toEqual(['401 identity.revoked', '401 identity.revoked'])
    expect((await admin.get(`${at}/${handle}`)).json).toMatchObject({ status: 'revoked' })
    expect(codeOf(await admin.patch(`${at}/${handle}`, { scopes: null }))).toBe('409 identity.not_claimed')
    expect(codeOf(await admin.post(`${at}/${handle}/ask-rotation`))).toBe('409 identity.not_claimed')
    const { items } = (await admin.get('/api/tenants/acme/audit?limit=200')).json
    const said = items.filter(
      (entry: { action: string; subject: { id: string } }) =>
        entry.action === 'identity.revoked' && entry.subject.id === id,
    )
    expect(said).toHaveLength(1)
  })

  it('are asked to take another key, and read so', async () => {
    const { call, handle } = await claimed()
    for (let times = 0; times < 2; times += 1)
      expect((await admin.post(`${at}/${handle}/ask-rotation`)).json).toMatchObject({ rotationAsked: true })
    expect((await call('GET', `/api/identities/${handle}`)).json).toMatchObject({ rotationAsked: true })
    expect((await call('GET', '/api/me')).status).toBe(200)
  })

  it('of a member may what the member may, and go with them', async () => {
    const { slug } = await fresh()
    const owner = await join(slug, 'admin')
    const { call, handle } = await claimed({ tenant: slug, as: { kind: 'me' }, role: 'admin' }, owner.browser)
    const token = await owner.browser.post(`/api/tenants/${slug}/api-tokens`, {
      ...{ name: 'Nightly', scopes: ['tenant:read'], expiresInDays: 1 },
    })
    expect((await call('GET', `/api/tenants/${slug}/audit`)).status).toBe(200)
    await boss.patch(`/api/tenants/${slug}/members/${owner.id}`, { role: 'member' })
    expect(codeOf(await call('GET', `/api/tenants/${slug}/audit`))).toBe('403 access.denied')

    await boss.patch(`/api/users/${owner.id}`, { status: 'disabled' })
    expect(codeOf(await call('GET', '/api/me'))).toBe('403 principal.disabled')
    await boss.patch(`/api/users/${owner.id}`, { status: 'active' })
    expect((await call('GET', '/api/me')).status).toBe(200)

    expect((await boss.delete(`/api/tenants/${slug}/members/${owner.id}`)).status).toBe(204)
    expect(codeOf(await call('GET', '/api/me'))).toBe('401 identity.revoked')
    const bearer = { authorization: `Bearer ${token.json.token}` }
    expect(codeOf(await portal.browser().get('/api/me', bearer))).toBe('401 token.unknown')
    const [receipt] = (await boss.get(`/api/tenants/${slug}/receipts`)).json.items
    expect(receipt).toMatchObject({ userId: owner.id, machines: [handle, 'Nightly'] })
    const left = (await boss.get(`/api/tenants/${slug}/identities/${handle}`)).json
    expect(left).toMatchObject({ status: 'revoked', principal: null, vaults: [] })
    const { items } = (await boss.get(`/api/tenants/${slug}/audit`)).json
    expect(items.map(({ action }: { action: string }) => action)).toEqual(
      expect.arrayContaining(['identity.revoked', 'token.revoked', 'member.removed']),
    )
  })

  it('of somebody whose account is deleted go with them too', async () => {
    const { slug } = await fresh()
    const owner = await join(slug, 'admin')
    const { call, handle } = await claimed({ tenant: slug, as: { kind: 'me' } }, owner.browser)
    expect((await boss.delete(`/api/users/${owner.id}`)).status).toBe(204)
    expect(codeOf(await call('GET', '/api/me'))).toBe('401 identity.revoked')
    const [receipt] = (await boss.get(`/api/tenants/${slug}/receipts`)).json.items
    expect(receipt.machines).toEqual([handle])
  })

  it.each(['suspend', 'archive', 'delete'])('may nothing after %s', async (move) => {
    const { slug, admin } = await fresh()
    const { call, handle, shown } = await claimed({ tenant: slug }, admin.browser)
    const path = `/api/tenants/${slug}`
    expect((await (move === 'delete' ? boss.delete(path) : boss.post(`${path}/${move}`))).status).toBe(202)
    expect(codeOf(await call('GET', '/api/me'))).toBe('403 principal.tenant_rests')
    expect(codeOf(await call('GET', path))).toBe('403 principal.tenant_rests')
    if (move === 'archive') {
      const [{ id }] = (await boss.get(`${path}/exports`)).json.items
      const { text, json } = await boss.get(`${path}/exports/${id}`)
      const part = json.parts.find(({ kind }: { kind: string }) => kind === 'machines')
      expect(part.records).toMatchObject([{ handle, did: shown.did, claims: [{ status: 'accepted' }] }])
      expect(text).not.toContain('tokenHash')
    }
    if (move === 'suspend') {
      await boss.post(`${path}/resume`)
      expect((await call('GET', '/api/me')).status).toBe(200)
    }
  })

  it('are gone with the tenant, and their handles free', async () => {
    const { slug, admin } = await fresh()
    const { call, handle } = await claimed({ tenant: slug }, admin.browser)
    await admin.browser.post(`/api/tenants/${slug}/api-tokens`, {
      ...{ name: 'Gone', service: 'gone', scopes: ['tenant:read'], expiresInDays: 1 },
    })
    const { client } = given.database
    const { id: tenantId } = await client.tenant.findUniqueOrThrow({ where: { slug } })
    const counts = () =>
      Promise.all([
        client.identity.count({ where: { OR: [{ tenantId }, { handle }] } }),
        client.identityClaim.count({ where: { identity: { handle } } }),
        client.principal.count({ where: { tenantId } }),
        client.serviceAccount.count({ where: { tenantId } }),
        client.principalVaultBinding.count({ where: { vault: { tenantId } } }),
        client.apiToken.count({ where: { tenantId } }),
      ])
    expect(await counts()).toEqual([1, 1, 2, 2, 2, 1])
    await client.tenant.delete({ where: { id: tenantId } })
    expect(await counts()).toEqual([0, 0, 0, 0, 0, 0])
    expect(codeOf(await call('GET', '/api/me'))).toBe('401 pop.identity_unknown')
  })

  it('watch what happens for as long as they may', async () => {
    const { slug, admin } = await fresh()
    const { machine, handle } = await claimed({ tenant: slug }, admin.browser)
    const path = `/api/tenants/${slug}/provisioning/events`
    const open = () => {
      const proof = machine.prove({ method: 'GET', path })
      return fetch(portal.browser().url + path, { headers: { authorization: `PoP ${proof}` } })
    }
    const stream = await open()
    expect(stream.status).toBe(200)
    const reader = stream.body?.pipeThrough(new TextDecoderStream()).getReader()
    let text = ''
    while (!text.includes('event: step')) text += (await reader?.read())?.value ?? ''
    await admin.browser.post(`/api/tenants/${slug}/identities/${handle}/revoke`)
    await boss.post(`/api/tenants/${slug}/reconcile`)
    let last = await reader?.read()
    while (last && !last.done) last = await reader?.read()
    expect(last?.done).toBe(true)
    expect((await open()).status).toBe(401)
  })

  it('act for services, which are removed once nothing acts for them', async () => {
    const { slug, admin } = await fresh()
    const services = `/api/tenants/${slug}/service-accounts`
    const { handle } = await claimed({ tenant: slug, as: { kind: 'service', name: 'backup' } }, admin.browser)
    const { items } = (await admin.browser.get(services)).json
    expect(items).toMatchObject([{ name: 'backup', machines: 1, tokens: 0 }])
    const remove = () => admin.browser.delete(`${services}/${items[0].id}`)
    expect(codeOf(await remove())).toBe('409 service.in_use')
    await admin.browser.post(`/api/tenants/${slug}/identities/${handle}/revoke`)
    expect((await remove()).status).toBe(204)
    expect(codeOf(await remove())).toBe('404 service.not_found')
    const left = (await admin.browser.get(`/api/tenants/${slug}/identities/${handle}`)).json
    expect(left).toMatchObject({ status: 'revoked', principal: null })
  })
})
