import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { newId } from '#server/lib/ids'
import type { MachineScope } from '#shared/contracts/machines'
import { describeEachDatabase } from '../harness/databases'
import { claimInDatabase, TestMachine } from '../harness/machine'
import { startPortal, TestClock, type Portal } from '../harness/portal'

describeEachDatabase('leases', (given) => {
  const clock = new TestClock()
  let portal: Portal
  let count = 0
  const db = () => given.database.client
  const fresh = (word: string) => `${word}-${(count += 1)}`
  const codeOf = ({ status, json }: { status: number; json?: { code?: string } }) => [status, json?.code]
  const over = [403, 'lease.over']

  beforeAll(async () => {
    portal = await startPortal(given.url, { clock })
    await portal.operator()
  })
  afterAll(() => portal.close())

  /** A tenant with a secret, and a machine that may have it lent and nothing else. */
  async function scene() {
    const slug = fresh('acme')
    // Of their own in each: the clock goes beyond sessions.
    const boss = await portal.signedIn({ email: `${fresh('boss')}@example.org`, operator: true })
    await boss.post('/api/tenants', { slug, name: slug })
    const person = async (role: string) => {
      const email = `${fresh(role)}@example.org`
      const browser = await portal.signedIn({ email })
      await boss.post(`/api/tenants/${slug}/members`, { email, role })
      return { browser, userId: (await browser.get('/api/auth/session')).json.user.id as string }
    }
    const [owner, member] = [await person('owner'), await person('member')]
    const { id: tenantId } = await db().tenant.findUniqueOrThrow({ where: { slug } })
    const [vault] = (await owner.browser.get(`/api/tenants/${slug}/vaults`)).json.items
    await owner.browser.put(`/api/vaults/${vault.id}/entries/mail/password`, { value: 'sesame' })
    const machine = async (scopes: MachineScope[] = ['secrets:lease'], userId?: string) => {
      const made = new TestMachine(fresh('machine'), 'http://localhost:3000', clock.now)
      const ids = await claimInDatabase(db(), made, { slug, scopes, ...(userId !== undefined && { userId }) })
      const { url } = portal.browser()
      const call = (method: string, path: string, body?: unknown) => made.call(url, method, path, body)
      return { ...ids, handle: made.handle, call }
    }
    type Made = Awaited<ReturnType<typeof machine>>
    const leases = `/api/vaults/${vault.id}/leases`
    const ask = (by: Made, changes: Record<string, unknown> = {}) =>
      by.call('POST', leases, {
        ...{ kind: 'secret', service: 'mail', name: 'password', ttlSeconds: 600, purpose: 'nightly backup' },
        ...changes,
      })
    const lent = async (by: Made, changes?: Record<string, unknown>) => {
      const { status, json } = await ask(by, changes)
      expect(status).toBe(201)
      return { id: json.id as string, at: `/api/leases/${json.id}`, value: `/api/leases/${json.id}/value` }
    }
    const audit = (action: string) =>
      db().auditEntry.findMany({ where: { tenantId, action }, orderBy: { id: 'asc' } })
    return { slug, tenantId, boss, owner, member, vault, leases, machine, ask, lent, audit }
  }

  it('let a machine read a secret for a time and a purpose, that may not read it otherwise', async () => {
    const { tenantId, vault, machine, ask, audit } = await scene()
    const backup = await machine()
    expect(codeOf(await backup.call('GET', `/api/vaults/${vault.id}/entries/mail/password`))).toEqual([
      403,
      'access.denied',
    ])
    const { status, json: lease, text } = await ask(backup)
    expect([status, lease]).toMatchObject([
      201,
      {
        ...{ kind: 'secret', service: 'mail', name: 'password', purpose: 'nightly backup', status: 'active' },
        ...{ askedBy: backup.handle, lastReadAt: null, endedAt: null, endReason: null, settled: true },
        expiresAt: new Date(clock.now().getTime() + 600_000).toISOString(),
        endsLatest: new Date(clock.now().getTime() + 7 * 86_400_000).toISOString(),
      },
    ])
    expect(text).not.toContain('sesame')
    const read = await backup.call('GET', `/api/leases/${lease.id}/value`)
    expect(read.json).toEqual({ leaseId: lease.id, expiresAt: lease.expiresAt, value: 'sesame' })
    expect(read.headers.get('cache-control')).toBe('no-store')
    expect((await backup.call('GET', `/api/leases/${lease.id}`)).json.lastReadAt).toBe(
      clock.now().toISOString(),
    )
    const secret = `${vault.id}:mail/password`
    expect(await audit('lease.granted')).toMatchObject([
      { actorKind: 'machine', subjectId: lease.id, after: { secret, purpose: 'nightly backup' } },
    ])
    expect(await audit('lease.read')).toMatchObject([{ after: { secret, version: 1 } }])
    expect(JSON.stringify(await db().auditEntry.findMany({ where: { tenantId } }))).not.toContain('sesame')
  })

  it('end by themselves, at the second that was said', async () => {
    const { machine, lent } = await scene()
    const backup = await machine()
    const { at, value } = await lent(backup, { ttlSeconds: 60 })
    clock.advance(59)
    expect((await backup.call('GET', value)).status).toBe(200)
    clock.advance(1)
    expect(codeOf(await backup.call('GET', value))).toEqual(over)
    expect(codeOf(await backup.call('POST', `${at}/renew`, { ttlSeconds: 60 }))).toEqual(over)
    expect((await backup.call('GET', at)).json).toMatchObject({ status: 'expired', endedAt: null })
    expect((await backup.call('DELETE', at)).status).toBe(204)
    expect((await backup.call('GET', at)).json).toMatchObject({ status: 'expired', endedAt: null })
  })

  it('are renewed, never for less, and for seven days from their beginning at most', async () => {
    const { machine, lent, audit } = await scene()
    const backup = await machine()
    const { at } = await lent(backup, { ttlSeconds: 86_400 })
    const renew = async (ttlSeconds: number) =>
      (await backup.call('POST', `${at}/renew`, { ttlSeconds })).json
    const first = (await backup.call('GET', at)).json
    expect((await renew(60)).expiresAt).toBe(first.expiresAt)
    for (let day = 0; day < 7; day += 1) {
      clock.advance(86_399)
      await renew(86_400)
    }
    expect((await backup.call('GET', at)).json.expiresAt).toBe(first.endsLatest)
    expect((await audit('lease.renewed')).length).toBe(8)
    clock.advance(7)
    expect(codeOf(await backup.call('POST', `${at}/renew`, { ttlSeconds: 86_400 }))).toEqual(over)
  })

  it.each([
    { ttlSeconds: 59 },
    { ttlSeconds: 86_401 },
    { ttlSeconds: '600' },
    { purpose: ' a ' },
    { purpose: undefined },
    { purpose: 'p'.repeat(201) },
    { service: 'mail:' },
    { name: '*' },
    { kind: 'forever' },
    { kind: 'minted' },
    { value: 'mine' },
  ])('are refused where what is asked for is %j', async (changes) => {
    const { machine, ask } = await scene()
    expect((await ask(await machine(), changes)).status).toBe(422)
    expect(await db().secretLease.count({ where: { purpose: 'nightly backup' } })).toBe(
      await db().secretLease.count({
        where: { purpose: 'nightly backup', kind: 'secret', name: 'password' },
      }),
    )
  })

  it('are of secrets that are there, and at most 200 for a machine at a time', async () => {
    const { machine, ask, vault } = await scene()
    const backup = await machine()
    expect(codeOf(await ask(backup, { name: 'none' }))).toEqual([404, 'secret.not_found'])
    expect(codeOf(await ask(backup, { kind: 'minted', service: 'authentik', name: undefined }))).toEqual([
      422,
      'lease.not_mintable',
    ])
    const { tenantId, principalId, identityId: askedBy } = backup
    const expiresAt = new Date(clock.now().getTime() + 60_000)
    await db().secretLease.createMany({
      data: Array.from({ length: 200 }, () => ({
        ...{ id: newId(), tenantId, vaultId: vault.id, principalId, askedBy, kind: 'secret' as const },
        ...{ service: 'mail', name: 'password', purpose: 'many', createdAt: clock.now() },
        ...{ expiresAt, endsLatest: expiresAt },
      })),
    })
    expect(codeOf(await ask(backup))).toEqual([409, 'lease.too_many'])
    clock.advance(60)
    expect((await ask(backup)).status).toBe(201)
  })

  it('say so where the secret was deleted meanwhile', async () => {
    const { owner, vault, machine, lent } = await scene()
    const backup = await machine()
    const { value } = await lent(backup)
    await owner.browser.delete(`/api/vaults/${vault.id}/entries/mail/password`)
    expect(codeOf(await backup.call('GET', value))).toEqual([404, 'secret.not_found'])
  })

  describe('are over on the next call, once', () => {
    it('the machine gives it back; done again, it changes nothing', async () => {
      const { machine, lent, audit } = await scene()
      const backup = await machine()
      const { at, value } = await lent(backup)
      for (const _ of [1, 2]) expect((await backup.call('DELETE', at)).status).toBe(204)
      expect(codeOf(await backup.call('GET', value))).toEqual(over)
      expect((await backup.call('GET', at)).json).toMatchObject({ status: 'revoked', endReason: 'returned' })
      expect(await audit('lease.ended')).toMatchObject([{ after: { reason: 'returned' } }])
    })

    it('an admin takes it', async () => {
      const { owner, machine, lent } = await scene()
      const backup = await machine()
      const { at, value } = await lent(backup)
      expect((await owner.browser.delete(at)).status).toBe(204)
      expect(codeOf(await backup.call('GET', value))).toEqual(over)
    })

    it('the machine has lost its vault', async () => {
      const { slug, owner, vault, machine, lent } = await scene()
      const backup = await machine()
      const { id, value } = await lent(backup)
      const other = (await owner.browser.post(`/api/tenants/${slug}/vaults`, { handle: 'other' })).json
      const changed = await owner.browser.patch(`/api/tenants/${slug}/identities/${backup.handle}`, {
        vaults: [other.id],
      })
      expect(changed.status).toBe(200)
      expect(codeOf(await backup.call('GET', value))).toEqual(over)
      // Nor does it come back with the vault.
      await owner.browser.patch(`/api/tenants/${slug}/identities/${backup.handle}`, { vaults: [vault.id] })
      expect(codeOf(await backup.call('GET', value))).toEqual(over)
      expect(await db().secretLease.findUnique({ where: { id } })).toMatchObject({ endReason: 'vault_lost' })
    })

    it('the machine may have none any more', async () => {
      const { slug, owner, machine, lent } = await scene()
      const backup = await machine()
      const { id, value } = await lent(backup)
      await owner.browser.patch(`/api/tenants/${slug}/identities/${backup.handle}`, {
        scopes: ['tenant:read'],
      })
      expect(codeOf(await backup.call('GET', value))).toEqual([403, 'access.denied'])
      expect(await db().secretLease.findUnique({ where: { id } })).toMatchObject({ endReason: 'scope_lost' })
    })

    it('the machine is revoked', async () => {
      const { slug, owner, machine, lent } = await scene()
      const backup = await machine()
      const { id, value } = await lent(backup)
      const revoked = await owner.browser.post(`/api/tenants/${slug}/identities/${backup.handle}/revoke`)
      expect(revoked.status).toBe(204)
      expect((await backup.call('GET', value)).status).toBe(401)
      expect(await db().secretLease.findUnique({ where: { id } })).toMatchObject({
        endReason: 'machine_revoked',
      })
    })

    it('the member whom the machine acts for has left', async () => {
      const { slug, owner, member, machine, lent } = await scene()
      const backup = await machine(['secrets:lease'], member.userId)
      const { id, value } = await lent(backup)
      await owner.browser.delete(`/api/tenants/${slug}/members/${member.userId}`)
      expect([401, 403]).toContain((await backup.call('GET', value)).status)
      expect(await db().secretLease.findUnique({ where: { id } })).toMatchObject({
        endReason: 'machine_revoked',
      })
    })

    it('the tenant is suspended; none comes back when it is resumed', async () => {
      const { slug, boss, machine, lent } = await scene()
      const backup = await machine()
      const { value } = await lent(backup)
      await boss.post(`/api/tenants/${slug}/suspend`)
      expect(codeOf(await backup.call('GET', value))).toEqual([403, 'principal.tenant_rests'])
      await boss.post(`/api/tenants/${slug}/resume`)
      expect(codeOf(await backup.call('GET', value))).toEqual(over)
    })
  })

  it('a token for scripts has them too, until it is revoked', async () => {
    const { slug, owner, vault, leases } = await scene()
    const made = await owner.browser.post(`/api/tenants/${slug}/api-tokens`, {
      ...{ name: 'deploy', scopes: ['secrets:lease'], expiresInDays: 1, vaults: [vault.id] },
    })
    expect(made.status).toBe(201)
    const { url } = portal.browser()
    const call = (method: string, path: string, body?: unknown) =>
      fetch(url + path, {
        method,
        headers: { authorization: `Bearer ${made.json.token}`, 'content-type': 'application/json' },
        ...(body !== undefined && { body: JSON.stringify(body) }),
      })
    const asked = { kind: 'secret', service: 'mail', name: 'password', ttlSeconds: 60, purpose: 'deploy' }
    const lease = (await (await call('POST', leases, asked)).json()) as { id: string; askedBy: string }
    expect(lease.askedBy).toBe('deploy')
    expect(await (await call('GET', `/api/leases/${lease.id}/value`)).json()).toMatchObject({
      value: 'sesame',
    })
    await owner.browser.delete(`/api/tenants/${slug}/api-tokens/${made.json.id}`)
    expect((await call('GET', `/api/leases/${lease.id}/value`)).status).toBe(401)
    expect(await db().secretLease.findUnique({ where: { id: lease.id } })).toMatchObject({
      endReason: 'token_revoked',
    })
  })

  it('are shown to owners and admins, and to a machine or member their own', async () => {
    const { slug, owner, member, leases, machine, lent } = await scene()
    const [one, other] = [await machine(), await machine(['secrets:lease'], member.userId)]
    const [first, second] = [await lent(one), await lent(other)]
    const idsAt = async (get: Promise<{ json: { items: { id: string }[] } }>) =>
      (await get).json.items.map(({ id }) => id)
    for (const path of [leases, `/api/tenants/${slug}/leases`]) {
      expect(await idsAt(owner.browser.get(path))).toEqual([second.id, first.id])
      expect(await idsAt(one.call('GET', path))).toEqual([first.id])
      expect(await idsAt(other.call('GET', path))).toEqual([second.id])
      expect(await idsAt(member.browser.get(path))).toEqual([second.id])
    }
    await one.call('DELETE', first.at)
    expect(await idsAt(owner.browser.get(`${leases}?status=active`))).toEqual([second.id])
    expect(await idsAt(owner.browser.get(`${leases}?status=revoked`))).toEqual([first.id])
    expect(await idsAt(owner.browser.get(`${leases}?status=expired`))).toEqual([])
    const page = (await owner.browser.get(`${leases}?limit=1`)).json
    expect(await idsAt(owner.browser.get(`${leases}?limit=1&cursor=${page.nextCursor}`))).toEqual([first.id])
    // What is somebody else's is not theirs to read, to renew or to end.
    for (const [method, path, body] of [
      ['GET', first.at],
      ['GET', first.value],
      ['POST', `${first.at}/renew`, { ttlSeconds: 60 }],
      ['DELETE', first.at],
    ] as const)
      expect(codeOf(await other.call(method, path, body))).toEqual([404, 'lease.not_found'])
    for (const path of [first.at, first.value])
      expect(codeOf(await member.browser.get(path))).toEqual([403, 'access.denied'])
    expect(codeOf(await member.browser.delete(second.at))).toEqual([403, 'access.denied'])
    expect(codeOf(await owner.browser.get(second.value))).toEqual([403, 'access.denied'])
    const stranger = await portal.signedIn({ email: `${fresh('stranger')}@example.org` })
    for (const path of [second.at, `/api/leases/${newId()}`, '/api/leases/none'])
      expect(codeOf(await stranger.get(path))).toEqual([404, 'lease.not_found'])
    const foreign = await (await scene()).machine()
    expect(codeOf(await foreign.call('GET', second.value))).toEqual([404, 'lease.not_found'])
  })

  it('want the scope: a machine that may read secrets has none lent', async () => {
    const { machine, ask } = await scene()
    expect(codeOf(await ask(await machine(['secrets:read', 'secrets:list'])))).toEqual([403, 'access.denied'])
  })

  it('are forgotten 90 days after they were over', async () => {
    const { machine, lent } = await scene()
    const backup = await machine()
    const [first, last] = [await lent(backup), await lent(backup, { ttlSeconds: 86_400 })]
    await backup.call('DELETE', first.at)
    const { removeOldLeases } = await import('#server/domain/vaults/vaults')
    const scope = portal.container.scopes.platform('test')
    clock.advance(90 * 86_400)
    await removeOldLeases(scope)
    expect(await db().secretLease.findUnique({ where: { id: last.id } })).not.toBeNull()
    clock.advance(86_401)
    await removeOldLeases(scope)
    for (const { id } of [first, last])
      expect(await db().secretLease.findUnique({ where: { id } })).toBeNull()
  })
})
