import { expect, it } from 'vitest'
import { newId } from '#server/lib/ids'
import { describeEachDatabase } from '../harness/databases'
import { codeOf } from '../harness/http'
import { createLeaseScenes, over } from '../harness/lease-scenes'

describeEachDatabase('leases', (given) => {
  const { clock, db, scene, portal } = createLeaseScenes(given)

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
    const scope = portal().container.scopes.platform('test')
    clock.advance(90 * 86_400)
    await removeOldLeases(scope)
    expect(await db().secretLease.findUnique({ where: { id: last.id } })).not.toBeNull()
    clock.advance(86_401)
    await removeOldLeases(scope)
    for (const { id } of [first, last])
      expect(await db().secretLease.findUnique({ where: { id } })).toBeNull()
  })
})
