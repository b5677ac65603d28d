import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { claimSeconds } from '#server/identities/claim-tokens'
import { newId } from '#server/lib/ids'
import { claimMachine, registerMachine } from '../harness/claims'
import { describeEachDatabase } from '../harness/databases'
import type { HttpClient } from '../harness/http'
import { startPortal, TestClock, type Portal } from '../harness/portal'

const nobodys = 'A'.repeat(43)

describeEachDatabase('the claim of a machine', (given) => {
  const clock = new TestClock()
  let portal: Portal
  let boss: HttpClient
  const people = new Map<string, HttpClient>()
  const as = (role: string) => people.get(role) as HttpClient
  let vaults: { id: string; handle: string }[]

  beforeAll(async () => {
    portal = await startPortal(given.url, { clock })
    boss = await portal.operator()
    for (const slug of ['acme', 'other', 'alone'])
      await boss.post('/api/tenants', { slug, name: slug.toUpperCase(), plan: 'pro' })
    for (const role of ['owner', 'admin', 'member']) {
      const email = `${role}@example.org`
      people.set(role, await portal.signedIn({ email }))
      await boss.post('/api/tenants/acme/members', { email, role })
    }
    people.set('stranger', await portal.signedIn({ email: 'stranger@example.org' }))
    people.set('runner', await portal.signedIn({ email: 'runner@example.org', operator: true }))
    const { client } = given.database
    const { id: tenantId } = await client.tenant.findUniqueOrThrow({ where: { slug: 'acme' } })
    const spare = { id: newId(), tenantId, handle: 'spare' }
    await client.vault.create({ data: { ...spare, createdAt: clock.now() } })
    vaults = await client.vault.findMany({ where: { tenantId }, orderBy: { handle: 'asc' } })
  })
  afterAll(() => portal.close())

  const at = (token: string) => `/api/claims/${token}`
  const accept = (who: HttpClient, token: string, body: object) => who.post(`${at(token)}/accept`, body)
  const auditOf = async (action: string, id: string) =>
    (await boss.get('/api/audit?limit=200')).json.items.find(
      (entry: { action: string; subject: { id: string } }) =>
        entry.action === action && entry.subject.id === id,
    )

  it('shows which machine it is, and for which tenants it may be accepted', async () => {
    const { machine, token, handle } = await registerMachine(portal)
    const { status, json } = await as('admin').get(at(token))
    expect([status, json]).toEqual([
      200,
      {
        ...{
          handle,
          did: machine.did,
          fingerprint: expect.stringMatching(/^([0-9a-f]{4} ){15}[0-9a-f]{4}$/),
        },
        ...{ address: '192.0.2.7', userAgent: 'tenantry/1' },
        createdAt: clock.now().toISOString(),
        expiresAt: new Date(clock.now().getTime() + claimSeconds * 1000).toISOString(),
        tenants: [
          {
            slug: 'acme',
            name: 'ACME',
            vaults: vaults.map(({ id, handle }) => ({ id, handle })),
            services: [],
          },
        ],
      },
    ])
    for (const who of ['member', 'stranger', 'runner'])
      expect((await as(who).get(at(token))).json.tenants).toEqual([])
  })

  it('lets it act for a service of its own name, within the default vault, where nothing else is asked', async () => {
    const { call, shown, handle, id } = await claimMachine(portal, as('admin'), { tenant: 'acme' })
    expect(shown).toMatchObject({
      ...{ handle, status: 'claimed', scopes: null, lastUsedAt: null, revokedAt: null },
      claimedAt: clock.now().toISOString(),
      principal: { owner: { kind: 'service', name: handle }, role: 'member' },
      vaults: [{ handle: 'default', isDefault: true }],
    })
    const me = await call('GET', '/api/me')
    expect([me.status, me.json]).toEqual([
      200,
      {
        identity: { handle, did: shown.did },
        token: null,
        principal: shown.principal,
        tenant: { id: expect.any(String), slug: 'acme', name: 'ACME' },
        scopes: null,
        vaults: shown.vaults,
      },
    ])
    expect((await call('GET', '/api/users/me')).json).toEqual(me.json)
    expect(await auditOf('identity.claimed', id)).toMatchObject({
      actor: { kind: 'user' },
      subject: { kind: 'machine', name: handle },
      after: { role: 'member', scopes: 'all', for: `service ${handle}`, vaults: 'default' },
    })
  })

  it('lets it act for the one who accepts it, with what they choose', async () => {
    const [first, second] = vaults.map(({ id }) => id) as [string, string]
    const { call, shown } = await claimMachine(portal, as('owner'), {
      ...{ tenant: 'acme', as: { kind: 'me' }, role: 'admin', scopes: ['members:read', 'secrets:read'] },
      vaults: [second, first],
    })
    expect(shown).toMatchObject({
      principal: { owner: { kind: 'member', name: 'owner' }, role: 'admin' },
      scopes: ['members:read', 'secrets:read'],
      vaults: [
        { id: second, isDefault: true },
        { id: first, isDefault: false },
      ],
    })
    expect((await call('GET', '/api/tenants/acme/members')).status).toBe(200)
    expect((await call('GET', '/api/tenants/acme')).json).toMatchObject({ code: 'access.denied' })
    expect((await call('GET', '/api/tenants/acme/audit')).status).toBe(403)
  })

  it('makes a principal once, which keeps its default vault and takes others beside it', async () => {
    const [first, second] = vaults.map(({ id }) => id) as [string, string]
    const as_ = { kind: 'service', name: 'backup' } as const
    const one = await claimMachine(portal, as('admin'), { tenant: 'acme', as: as_ })
    const two = await claimMachine(portal, as('admin'), {
      ...{ tenant: 'acme', as: as_, vaults: [second], role: 'admin' },
    })
    expect(two.shown.principal.id).toBe(one.shown.principal.id)
    expect(two.shown.vaults).toMatchObject([
      { id: first, isDefault: true },
      { id: second, isDefault: false },
    ])
    const { items } = (await as('admin').get('/api/tenants/acme/identities')).json
    const rolesOf = (handle: string) =>
      items.find((item: { handle: string }) => item.handle === handle).principal.role
    expect([rolesOf(one.handle), rolesOf(two.handle)]).toEqual(['member', 'admin'])
    expect((await one.call('GET', '/api/tenants/acme/audit')).status).toBe(403)
    expect((await two.call('GET', '/api/tenants/acme/audit')).status).toBe(200)
  })

  describe('is refused', () => {
    it.each([
      ['member', 403, 'grant.members_only'],
      ['stranger', 404, 'tenant.not_found'],
      ['runner', 403, 'grant.members_only'],
    ])('by a %s: %i %s, and can be accepted by others then', async (who, status, code) => {
      const { token } = await registerMachine(portal)
      const refused = await accept(as(who), token, { tenant: 'acme' })
      expect([refused.status, refused.json.code]).toEqual([status, code])
      expect((await accept(as('admin'), token, { tenant: 'acme' })).status).toBe(200)
    })

    it('with the vault of the tenant’s own connections, which is not offered either', async () => {
      const { token } = await registerMachine(portal)
      const { client } = given.database
      const { id: tenantId } = await client.tenant.findUniqueOrThrow({ where: { slug: 'acme' } })
      const connections = { id: newId(), tenantId, handle: 'integrations', createdAt: clock.now() }
      await client.vault.create({ data: connections })
      const [offered] = (await as('admin').get(at(token))).json.tenants
      expect(offered.vaults.map(({ handle }: { handle: string }) => handle)).toEqual(['default', 'spare'])
      const refused = await accept(as('admin'), token, { tenant: 'acme', vaults: [connections.id] })
      expect([refused.status, refused.json.code]).toEqual([404, 'vault.not_found'])
      expect(await client.principalVaultBinding.count({ where: { vaultId: connections.id } })).toBe(0)
      await client.vault.delete({ where: { id: connections.id } })
    })

    it('with scopes beyond the role, a vault of another tenant, and what is no handle', async () => {
      const { token } = await registerMachine(portal)
      const beyond = await accept(as('admin'), token, { tenant: 'acme', scopes: ['audit:read'] })
      expect([beyond.status, beyond.json.code]).toEqual([422, 'grant.scopes_beyond_role'])
      const foreign = await given.database.client.vault.findFirstOrThrow({
        where: { tenant: { slug: 'other' } },
      })
      const strange = await accept(as('admin'), token, { tenant: 'acme', vaults: [foreign.id] })
      expect([strange.status, strange.json.code]).toEqual([404, 'vault.not_found'])
      for (const body of [
        { tenant: 'acme', role: 'owner' },
        { tenant: 'acme', scopes: ['machines:manage'] },
        { tenant: 'acme', as: { kind: 'service', name: 'Bad Name' } },
        {},
      ])
        expect((await accept(as('admin'), token, body)).status).toBe(422)
      expect((await as('admin').get('/api/tenants/acme/identities/Bad_Handle')).status).toBe(422)
      // Nothing of these tries was kept.
      const { client } = given.database
      expect(
        await client.identityClaim.count({ where: { status: 'pending', principalId: { not: null } } }),
      ).toBe(0)
      expect((await accept(as('admin'), token, { tenant: 'acme' })).status).toBe(200)
    })

    it('for a tenant that rests', async () => {
      await boss.post('/api/tenants/alone/members', { email: 'owner@example.org', role: 'owner' })
      await boss.post('/api/tenants/alone/suspend')
      const { token } = await registerMachine(portal)
      expect((await as('owner').get(at(token))).json.tenants).toHaveLength(1)
      const refused = await accept(as('owner'), token, { tenant: 'alone' })
      expect([refused.status, refused.json.code]).toEqual([409, 'tenant.not_active'])
    })
  })

  it('is decided once: of twenty who accept at once, one does', async () => {
    const { token, handle } = await registerMachine(portal)
    const answers = await Promise.all(
      Array.from({ length: 20 }, () => accept(as('admin'), token, { tenant: 'acme' })),
    )
    expect(answers.map(({ status }) => status).sort()).toEqual([200, ...Array(19).fill(404)])
    const where = { identity: { handle } }
    expect(await given.database.client.identityClaim.findMany({ where })).toMatchObject([
      { status: 'accepted' },
    ])
  })

  it('is not found where its token is unknown, used, over or replaced', async () => {
    const gone = async (token: string) => {
      const answers = [
        await as('admin').get(at(token)),
        await accept(as('admin'), token, { tenant: 'acme' }),
        await as('admin').post(`${at(token)}/reject`),
      ]
      return answers.map(({ status, json }) => `${status} ${json?.code}`)
    }
    const notFound = Array(3).fill('404 claim.not_found')
    expect(await gone(nobodys)).toEqual(notFound)
    const used = await claimMachine(portal, as('admin'), { tenant: 'acme' })
    expect(await gone(used.token)).toEqual(notFound)
    const replaced = await registerMachine(portal)
    await replaced.askAgain()
    expect(await gone(replaced.token)).toEqual(notFound)
    const late = await registerMachine(portal)
    clock.advance(claimSeconds)
    expect(await gone(late.token)).toEqual(notFound)
  })

  it('can be rejected, and nobody accepts it by the same address after that', async () => {
    const { token, id, call } = await registerMachine(portal)
    expect((await as('member').post(`${at(token)}/reject`)).status).toBe(204)
    expect((await accept(as('admin'), token, { tenant: 'acme' })).status).toBe(404)
    expect((await call('GET', '/api/me')).json).toMatchObject({ code: 'identity.unclaimed' })
    expect(await auditOf('identity.rejected', id)).toMatchObject({ actor: { name: 'member' } })
    const { machines } = portal.container.scopes.platform('test').stores
    await machines.askAgain(id, { address: null, userAgent: null })
    expect((await accept(as('admin'), token, { tenant: 'acme' })).status).toBe(404)
  })

  it('is refused from a session that was not proven lately', async () => {
    clock.advance(601)
    const { token } = await registerMachine(portal)
    const refused = await accept(as('admin'), token, { tenant: 'acme' })
    expect([refused.status, refused.json.code]).toEqual([403, 'auth.step_up_required'])
  })
})
