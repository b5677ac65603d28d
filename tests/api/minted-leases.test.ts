import { expect, it } from 'vitest'
import { describeEachDatabase } from '../harness/databases'
import { codeOf } from '../harness/http'
import { createMintedLeaseScenes, wanted } from '../harness/minted-lease-scenes'

describeEachDatabase('leases of minted tokens', (given) => {
  const { clock, db, fake, scene, settle, inSeconds } = createMintedLeaseScenes(given)
  const row = (id: string) => db().secretLease.findUnique({ where: { id } })

  it('give a token once, of an account in the tenant’s group, until the lease ends', async () => {
    const { tenantId, group, call, ask, audit } = await scene()
    const { status, json } = await ask()
    expect([status, json]).toMatchObject([
      201,
      { kind: 'minted', service: 'authentik', name: '', status: 'active', settled: false },
    ])
    const [token] = fake().tokens()
    expect(json.token).toBe(token?.key)
    expect(token).toMatchObject({
      identifier: `tenantry-lease-${json.id}`,
      expires: inSeconds(600),
      expiring: true,
    })
    const inside = fake()
      .groups()
      .find(({ pk }) => pk === group.pk)?.users
    expect(inside).toEqual([token?.user])

    expect((await call('GET', `/api/leases/${json.id}`)).text).not.toContain(json.token)
    expect(codeOf(await call('GET', `/api/leases/${json.id}/value`))).toEqual([409, 'lease.has_no_value'])
    const kept = [await row(json.id), await db().auditEntry.findMany({ where: { tenantId } })]
    expect(JSON.stringify(kept)).not.toContain(json.token)
    expect(await settle()).toBe(0)

    expect((await call('DELETE', `/api/leases/${json.id}`)).status).toBe(204)
    expect(await settle()).toBe(1)
    expect(fake().tokens()).toEqual([])
    expect((await call('GET', `/api/leases/${json.id}`)).json).toMatchObject({
      ...{ status: 'revoked', endReason: 'returned', settled: true },
    })
    expect(await audit('lease.settled')).toMatchObject([{ actorKind: 'system', subjectId: json.id }])
    expect(await settle()).toBe(0)
  })

  it('are not given again for a repeated Idempotency-Key', async () => {
    const { machine, url, leases: path } = await scene()
    const body = JSON.stringify(wanted)
    const ask = async () => {
      const authorization = `PoP ${machine.prove({ method: 'POST', path, body })}`
      const headers = { authorization, 'content-type': 'application/json', 'idempotency-key': 'once' }
      const answer = await fetch(url + path, { method: 'POST', headers, body })
      return (await answer.json()) as { id: string; token: string }
    }
    const [first, second] = [await ask(), await ask()]
    expect(first.token).not.toBe(second.token)
    expect(first.id).not.toBe(second.id)
  })

  it.each(['by themselves', 'with the machine', 'with the suspended tenant'])(
    'end %s, and their tokens at the service',
    async (how) => {
      const { slug, boss, machine, ask } = await scene()
      const { json } = await ask()
      if (how === 'by themselves') clock.advance(600)
      else if (how === 'with the machine')
        await boss.post(`/api/tenants/${slug}/identities/${machine.handle}/revoke`)
      else await boss.post(`/api/tenants/${slug}/suspend`)
      expect(await settle()).toBe(1)
      expect(fake().tokens()).toEqual([])
      expect((await row(json.id))?.settledAt).toEqual(clock.now())
    },
  )

  it('are not settled while the service does not confirm it, and tried less and less often', async () => {
    const { call, ask } = await scene()
    const { json } = await ask()
    fake().faults.add({
      kind: 'answer',
      status: 503,
      body: { detail: 'Not now.' },
      operation: 'core_tokens_destroy',
      times: 'always',
    })
    await call('DELETE', `/api/leases/${json.id}`)
    expect(await settle()).toBe(0)
    expect((await call('GET', `/api/leases/${json.id}`)).json).toMatchObject({ settled: false })
    expect((await row(json.id))?.nextTryAt).toEqual(new Date(clock.now().getTime() + 15_000))
    expect(await settle()).toBe(0)
    clock.advance(400)
    expect(await settle()).toBe(0)
    expect((await row(json.id))?.nextTryAt).toEqual(new Date(clock.now().getTime() + 100_000))
    fake().faults.clear()
    clock.advance(100)
    expect(await settle()).toBe(1)
    expect(fake().tokens()).toEqual([])
  })

  it('are settled by one replica at a time', async () => {
    const { call, ask } = await scene()
    const { json } = await ask()
    await call('DELETE', `/api/leases/${json.id}`)
    const settled = await Promise.all([settle(), settle(), settle()])
    expect(settled.reduce((sum, one) => sum + one)).toBe(1)
    expect(fake().calls().core_tokens_destroy).toBe(1)
  })

  it('leave no token that nobody knows of, where the answer was lost on its way', async () => {
    const { ask, audit } = await scene()
    fake().faults.add({
      kind: 'answer',
      status: 500,
      body: { detail: 'Not now.' },
      operation: 'core_tokens_view_key_retrieve',
    })
    expect((await ask()).status).toBeGreaterThanOrEqual(500)
    expect(fake().tokens()).toHaveLength(1)
    const [ended] = await audit('lease.ended')
    expect(ended).toMatchObject({ after: { reason: 'mint_failed' } })
    // It is taken back at once, and settled when none can come any more.
    expect(await settle()).toBe(0)
    expect(fake().tokens()).toEqual([])
    clock.advance(90)
    expect(await settle()).toBe(1)
  })

  it('leave none where the process ended between the record and the token', async () => {
    const { tenantId, vaultId, identityId } = await scene()
    const now = clock.now()
    const id = crypto.randomUUID()
    const expiresAt = new Date(now.getTime() + 60_000)
    const { id: principalId } = await db().principal.findFirstOrThrow({ where: { tenantId } })
    await db().secretLease.create({
      data: {
        ...{ id, tenantId, vaultId, principalId, askedBy: identityId, kind: 'minted', name: '' },
        ...{ service: 'authentik', purpose: 'crashed', createdAt: now, expiresAt, endsLatest: expiresAt },
        nextTryAt: expiresAt,
      },
    })
    clock.advance(90)
    expect(await settle()).toBe(1)
    expect((await row(id))?.settledAt).toEqual(clock.now())
  })

  it('are given to nobody who was revoked while it was minted', async () => {
    const { slug, boss, machine, ask } = await scene()
    fake().faults.add({ kind: 'delay', ms: 300, operation: 'core_tokens_create' })
    const asked = ask()
    await expect.poll(() => fake().calls().core_tokens_create).toBe(1)
    await boss.post(`/api/tenants/${slug}/identities/${machine.handle}/revoke`)
    expect(codeOf(await asked)).toEqual([403, 'lease.over'])
    await settle()
    expect(fake().tokens()).toEqual([])
  })

  it('are settled also where the tenant is gone, and then forgotten', async () => {
    const { tenantId, call, ask } = await scene()
    const { json } = await ask()
    await call('DELETE', `/api/leases/${json.id}`)
    await db().tenant.delete({ where: { id: tenantId } })
    expect(await settle()).toBe(1)
    expect(fake().tokens()).toEqual([])
    expect(await row(json.id)).toBeNull()
  })

  it('are refused of services at which none are minted', async () => {
    const { ask } = await scene()
    expect(codeOf(await ask({ service: 'ocis' }))).toEqual([422, 'lease.not_mintable'])
    expect((await ask({ service: 'stalwart' })).status).toBe(422)
    expect((await ask({ name: 'admin' })).status).toBe(422)
  })
})
