import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { newId, newToken, sha256 } from '#server/lib/ids'
import { describeEachDatabase } from '../harness/databases'
import type { HttpClient } from '../harness/http'
import { password, startPortal, type Portal } from '../harness/portal'

describeEachDatabase('operating on a user', (given) => {
  let portal: Portal
  let boss: HttpClient
  beforeAll(async () => {
    portal = await startPortal(given.url)
    boss = await portal.operator()
    for (const slug of ['alpha', 'beta', 'gamma'])
      await boss.post('/api/tenants', { slug, name: `The ${slug}` })
  })
  afterAll(() => portal.close())

  async function somebody(email: string) {
    const browser = await portal.signedIn({ email })
    const { id } = (await browser.get('/api/auth/session')).json.user as { id: string }
    return { email, browser, id }
  }
  const audited = async (action: string, subjectId: string) =>
    given.database.client.auditEntry.findMany({ where: { action, subjectId } })

  describe('sessions', () => {
    it('are listed page by page, ended one by one or all together, and written down', async () => {
      const { browser, email, id } = await somebody('many@example.org')
      const second = await portal.signedIn({ email })
      const third = await portal.signedIn({ email })
      const path = `/api/users/${id}/sessions`
      const first = (await boss.get(`${path}?limit=2`)).json
      expect(first.items).toHaveLength(2)
      expect(first.items[0]).toMatchObject({ current: false, method: 'password', userAgent: 'node' })
      const rest = (await boss.get(`${path}?limit=2&cursor=${first.nextCursor}`)).json
      expect([rest.items.length, rest.nextCursor]).toEqual([1, null])

      expect((await boss.delete(`${path}/${first.items[0].id}`)).status).toBe(204)
      expect((await third.get('/api/me')).json.code).toBe('auth.session_ended')
      expect(await audited('session.ended', first.items[0].id)).toMatchObject([{ before: { userId: id } }])
      expect((await boss.delete(path)).status).toBe(204)
      for (const one of [browser, second]) expect((await one.get('/api/me')).status).toBe(401)
      expect(await audited('user.sessions_ended', id)).toMatchObject([{ after: { count: 2 } }])
      expect((await boss.delete(path)).status).toBe(204)
      expect(await audited('user.sessions_ended', id)).toHaveLength(1)
    })

    it('of one user are not ended by naming another, and operators keep the one that asks', async () => {
      const { id } = await somebody('mine@example.org')
      const other = await somebody('other@example.org')
      const { items } = (await boss.get(`/api/users/${id}/sessions`)).json
      const foreign = await boss.delete(`/api/users/${other.id}/sessions/${items[0].id}`)
      expect([foreign.status, foreign.json.code]).toEqual([404, 'session.not_found'])
      const bossId = (await boss.get('/api/auth/session')).json.user.id as string
      const elsewhere = await portal.operator()
      expect((await boss.delete(`/api/users/${bossId}/sessions`)).status).toBe(204)
      expect((await elsewhere.get('/api/me')).status).toBe(401)
      expect((await boss.get('/api/me')).status).toBe(200)
    })

    it('of nobody are not there', async () => {
      const path = `/api/users/${newId()}`
      for (const part of ['sessions', 'memberships', 'identities'])
        expect((await boss.get(`${path}/${part}`)).json.code).toBe('user.not_found')
      expect((await boss.delete(`${path}/sessions`)).status).toBe(404)
    })
  })

  it('shows memberships page by page, the provider that vouches, and where the role comes from', async () => {
    const { id, email } = await somebody('placed@example.org')
    for (const slug of ['alpha', 'beta', 'gamma'])
      await boss.post(`/api/tenants/${slug}/members`, { email, role: slug === 'beta' ? 'owner' : 'member' })
    const first = (await boss.get(`/api/users/${id}/memberships?limit=2`)).json
    expect(first.items).toMatchObject([
      { tenant: { slug: 'alpha', name: 'The alpha' }, role: 'member', source: 'manual' },
      { tenant: { slug: 'beta' }, role: 'owner' },
    ])
    const rest = (await boss.get(`/api/users/${id}/memberships?limit=2&cursor=${first.nextCursor}`)).json
    expect([rest.items.length, rest.nextCursor]).toEqual([1, null])

    const now = new Date()
    const identity = { issuer: 'https://id.example.org', subject: 'sub-1', emailVerified: true }
    await given.database.client.externalIdentity.create({
      data: { id: newId(), userId: id, ...identity, createdAt: now, lastUsedAt: now },
    })
    expect((await boss.get(`/api/users/${id}/identities`)).json.items).toMatchObject([identity])

    expect((await boss.get(`/api/users/${id}`)).json).toMatchObject({
      roleSource: 'manual',
      hasPassword: true,
    })
    await given.database.client.user.update({
      where: { id },
      data: { platformRole: 'operator', roleSource: 'idp' },
    })
    expect((await boss.get(`/api/users/${id}`)).json.roleSource).toBe('idp')
    await boss.patch(`/api/users/${id}`, { platformRole: 'user' })
    await boss.patch(`/api/users/${id}`, { platformRole: 'operator' })
    expect((await boss.get(`/api/users/${id}`)).json).toMatchObject({
      platformRole: 'operator',
      roleSource: 'manual',
    })
  })

  it('who disables themselves has no session that comes back', async () => {
    const { browser, id } = await somebody('self@example.org')
    await boss.patch(`/api/users/${id}`, { platformRole: 'operator' })
    const self = await portal.signedIn({ email: 'self@example.org' })
    expect((await self.patch(`/api/users/${id}`, { status: 'disabled' })).status).toBe(200)
    await boss.patch(`/api/users/${id}`, { status: 'active' })
    for (const one of [browser, self]) expect((await one.get('/api/me')).status).toBe(401)
  })

  it('leaves no trace of a deleted person, whose doings stay in the audit', async () => {
    const [name, email] = ['Xanthippe Quzzlebury', 'quzzlebury@example.org']
    const { client } = given.database
    const { id } = (await boss.post('/api/users', { email, name, password })).json
    const browser = await portal.signedIn({ email })
    await browser.patch('/api/users/me/profile', { name: `${name} the Second` })
    await boss.patch(`/api/users/${id}`, { name })
    await boss.post('/api/tenants/alpha/members', { email, role: 'admin' })
    await browser.post('/api/auth/login', { email, password: 'a wrong one, surely' })

    const now = new Date()
    const theirs = { userId: id, createdAt: now }
    const identityId = newId()
    await client.externalIdentity.create({
      data: {
        id: identityId,
        ...theirs,
        issuer: 'https://id.example.org',
        subject: email,
        email,
        lastUsedAt: now,
      },
    })
    await client.passkey.create({
      data: {
        id: newId(),
        ...theirs,
        name: `${name}’s key`,
        credentialId: newToken(),
        publicKey: 'k',
        counter: 0n,
        transports: [],
        synced: false,
      },
    })
    await client.totpFactor.create({ data: { ...theirs, secret: 'sealed' } })
    await client.recoveryCode.create({ data: { id: newId(), ...theirs, codeHash: 'h' } })
    await client.passwordReset.create({
      data: { id: newId(), ...theirs, tokenHash: sha256(newToken()), expiresAt: now },
    })
    const { id: tenantId } = await client.tenant.findUniqueOrThrow({ where: { slug: 'beta' } })
    await client.invitation.create({
      data: {
        id: newId(),
        tenantId,
        email,
        role: 'member',
        tokenHash: sha256(newToken()),
        createdAt: now,
        sentAt: now,
        expiresAt: now,
      },
    })
    const signedOut = await portal.signedIn({ email })
    await signedOut.post('/api/auth/logout')
    expect(await tracesOf('quzzlebury')).toEqual(
      expect.arrayContaining(['ExternalIdentity', 'Invitation', 'Passkey', 'User']),
    )

    expect((await boss.delete(`/api/users/${id}`)).status).toBe(204)
    expect(await tracesOf('quzzlebury')).toEqual([])
    expect(await tracesOf('xanthippe')).toEqual([])
    for (const table of [
      'Session',
      'EndedSession',
      'TotpFactor',
      'RecoveryCode',
      'PasswordReset',
      'Membership',
    ])
      expect([table, await tracesOf(id, table)]).toEqual([table, []])
    const { items } = (await boss.get('/api/audit?limit=200')).json
    const about = items.filter(({ subject }: { subject: { id: string } }) => subject.id === id)
    expect(about.map(({ action }: { action: string }) => action)).toEqual(
      expect.arrayContaining(['user.created', 'user.profile_updated', 'user.updated', 'user.deleted']),
    )
    expect(about[0].subject.name).toBe('Deleted user')
    expect((await browser.get('/api/me')).status).toBe(401)
    expect((await boss.post('/api/users', { email, name: 'Somebody else' })).status).toBe(201)
  })

  /** The tables in which a text stands anywhere, whatever its case. */
  async function tracesOf(text: string, only?: string): Promise<string[]> {
    const { client } = given.database
    const listing =
      given.provider === 'sqlite'
        ? `SELECT name FROM sqlite_master WHERE type = 'table'`
        : `SELECT table_name AS name FROM information_schema.tables WHERE table_schema = 'public'`
    const tables = await client.$queryRawUnsafe<{ name: string }[]>(listing)
    const found: string[] = []
    for (const { name } of tables) {
      if (only && name !== only) continue
      const rows = await client.$queryRawUnsafe<Record<string, unknown>[]>(`SELECT * FROM "${name}"`)
      const written = JSON.stringify(rows, (_, value: unknown) =>
        typeof value === 'bigint' ? `${value}` : value,
      )
      if (written.toLowerCase().includes(text.toLowerCase())) found.push(name)
    }
    return found.sort()
  }
})
