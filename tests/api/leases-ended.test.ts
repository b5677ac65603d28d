import { describe, expect, it } from 'vitest'
import { describeEachDatabase } from '../harness/databases'
import { codeOf } from '../harness/http'
import { createLeaseScenes, over } from '../harness/lease-scenes'

describeEachDatabase('leases that end', (given) => {
  const { clock, db, scene, portal } = createLeaseScenes(given)

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

    it('the member whom the machine acts for is disabled; none comes back with them', async () => {
      const { boss, member, machine, lent } = await scene()
      const [backup, other] = [await machine(['secrets:lease'], member.userId), await machine()]
      const [{ id, value }, kept] = [await lent(backup), await lent(other)]
      const change = async (status: string) =>
        expect((await boss.patch(`/api/users/${member.userId}`, { status })).status).toBe(200)
      await change('disabled')
      expect(codeOf(await backup.call('GET', value))).toEqual([403, 'principal.disabled'])
      expect(await db().secretLease.findUnique({ where: { id } })).toMatchObject({
        endReason: 'person_disabled',
      })
      await change('active')
      expect(codeOf(await backup.call('GET', value))).toEqual(over)
      expect((await other.call('GET', kept.value)).status).toBe(200)
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

  describe('of a token for scripts', () => {
    /** A token for a day, and what it does. */
    async function scripted() {
      const made = await scene()
      const { slug, owner, vault, leases } = made
      const { status, json } = await owner.browser.post(`/api/tenants/${slug}/api-tokens`, {
        ...{ name: 'deploy', scopes: ['secrets:lease'], expiresInDays: 1, vaults: [vault.id] },
      })
      expect(status).toBe(201)
      const { url } = portal().browser()
      const call = async (method: string, path: string, body?: unknown) => {
        const answer = await fetch(url + path, {
          method,
          headers: { authorization: `Bearer ${json.token}`, 'content-type': 'application/json' },
          ...(body !== undefined && { body: JSON.stringify(body) }),
        })
        return { status: answer.status, json: (await answer.json()) as Record<string, string> }
      }
      const ask = async (ttlSeconds: number) => {
        const asked = { kind: 'secret', service: 'mail', name: 'password', ttlSeconds, purpose: 'deploy' }
        return (await call('POST', leases, asked)).json
      }
      return { ...made, token: json as { id: string; expiresAt: string }, call, ask }
    }

    it('they are over when it is revoked', async () => {
      const { slug, owner, token, call, ask } = await scripted()
      const lease = await ask(60)
      const value = `/api/leases/${lease.id}/value`
      expect(lease.askedBy).toBe('deploy')
      expect((await call('GET', value)).json).toMatchObject({ value: 'sesame' })
      await owner.browser.delete(`/api/tenants/${slug}/api-tokens/${token.id}`)
      expect((await call('GET', value)).status).toBe(401)
      expect(await db().secretLease.findUnique({ where: { id: lease.id ?? '' } })).toMatchObject({
        endReason: 'token_revoked',
      })
    })

    it('they last no longer than it does, and are not renewed beyond that', async () => {
      const { token, call, ask } = await scripted()
      clock.advance(86_400 - 600)
      const [short, long] = [await ask(60), await ask(3600)]
      expect(short).toMatchObject({
        expiresAt: new Date(clock.now().getTime() + 60_000).toISOString(),
        endsLatest: token.expiresAt,
      })
      expect(long).toMatchObject({ expiresAt: token.expiresAt, endsLatest: token.expiresAt })
      const renewed = await call('POST', `/api/leases/${short.id}/renew`, { ttlSeconds: 3600 })
      expect(renewed.json.expiresAt).toBe(token.expiresAt)
      clock.advance(600)
      expect((await call('GET', `/api/leases/${long.id}/value`)).status).toBe(401)
      expect(
        await db().secretLease.count({ where: { expiresAt: { gt: clock.now() }, askedBy: token.id } }),
      ).toBe(0)
    })
  })
})
