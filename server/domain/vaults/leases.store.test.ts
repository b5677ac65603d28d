import { beforeAll, describe, expect, it } from 'vitest'
import { newId } from '#server/lib/ids'
import { addSeconds } from '#server/lib/clock'
import type { Database } from '#server/storage/database'
import { describeEachDatabase } from '../../../tests/harness/databases'
import { atOnce, createRegistries, pageThrough } from '../../../tests/harness/registries'
import { allLeasesStore } from './all-leases.store'
import { findLease, leasesStore } from './leases.store'

describeEachDatabase('the leases of a tenant', (given) => {
  const rows = createRegistries(given)
  const db = () => given.database.client
  const store = (tenantId: string) => leasesStore(db(), rows.clock, tenantId)
  const all = () => allLeasesStore(db())
  const later = (seconds: number) => addSeconds(rows.clock.now(), seconds)
  let other: Database
  beforeAll(async () => {
    other = await given.openAnother()
  })

  /** A tenant with a machine of a service that reaches a vault. */
  async function scene() {
    const { id } = await rows.tenant()
    const [vaultId, principalId] = [await rows.vault(id), await rows.principal(id)]
    await rows.bind(principalId, vaultId, true)
    const { id: askedBy } = await rows.machine(id, principalId)
    const of = { vaultId, principalId, askedBy }
    const lend = (changes: Partial<Parameters<typeof rows.lease>[1]> = {}) =>
      rows.lease(id, { ...of, ...changes })
    const minted = (changes: Partial<Parameters<typeof rows.lease>[1]> = {}) =>
      lend({ kind: 'minted', service: 'ocis', name: '', nextTryAt: later(3600), ...changes })
    return { id, ...of, lend, minted, store: store(id) }
  }
  const everybodys = { limit: 100, holder: 'everybody' } as const
  const idsOf = (leases: { id: string }[]) => leases.map(({ id }) => id)
  const read = (id: string) => db().secretLease.findUniqueOrThrow({ where: { id } })

  it('are its own alone: nothing of another’s is read, counted, renewed or ended', async () => {
    const [mine, theirs] = [await scene(), await scene()]
    const [secret, token] = [await theirs.lend(), await theirs.minted()]
    const before = [await read(secret), await read(token)]
    const foreign = mine.store
    expect((await foreign.list(everybodys)).items).toEqual([])
    expect((await foreign.list({ ...everybodys, vaultId: theirs.vaultId })).items).toEqual([])
    expect((await foreign.list({ limit: 9, holder: { askedBy: theirs.askedBy } })).items).toEqual([])
    expect(await foreign.countOf(theirs.askedBy)).toBe(0)
    expect(await foreign.noteRead(secret)).toBe(false)
    expect(await foreign.renew(secret, later(7200))).toBeNull()
    expect(await foreign.end(secret, 'revoked')).toBe(false)
    expect(await foreign.endOf(theirs.askedBy, 'machine_revoked')).toBe(0)
    expect(await foreign.endInVault(theirs.vaultId, 'vault_removed')).toBe(0)
    expect(await foreign.endUnbound(theirs.principalId)).toBe(0)
    expect(await foreign.endAll('tenant_rests')).toBe(0)
    expect(await foreign.noteMinted(token, 'account')).toBe(false)
    await foreign.takeBack(token, 'mint_failed')
    expect([await read(secret), await read(token)]).toEqual(before)
    expect(idsOf((await theirs.store.list(everybodys)).items)).toEqual([token, secret])
  })

  it('come page by page, each once and the newest first, made in one moment though they were', async () => {
    const { lend, store, vaultId, askedBy, principalId } = await scene()
    const made: string[] = []
    for (let index = 0; index < 7; index += 1) made.unshift(await lend())
    await rows.lease((await rows.tenant()).id, { vaultId, principalId, askedBy })
    for (const holder of ['everybody', { askedBy }] as const)
      expect(idsOf(await pageThrough((page) => store.list({ ...page, holder }), 3))).toEqual(made)
    const active = (page: { limit: number }) =>
      store.list({ ...page, holder: 'everybody', status: 'active', vaultId })
    expect(idsOf(await pageThrough(active, 3))).toEqual(made)
  })

  it('are shown to a member where their own principal has them', async () => {
    const { id, vaultId, store, lend } = await scene()
    const [userId, nobody] = [await rows.person(id), await rows.person(id)]
    const own = await rows.lease(id, { vaultId, principalId: await rows.principal(id, userId) })
    await lend()
    const listOf = async (who: string) =>
      idsOf((await store.list({ limit: 9, holder: { userId: who } })).items)
    expect([await listOf(userId), await listOf(nobody)]).toEqual([[own], []])
  })

  it('are over from the moment on that they say, and nothing is done with them then', async () => {
    const { store, askedBy, lend, vaultId } = await scene()
    const lease = await lend()
    const stated = async () => {
      const found: string[] = []
      for (const status of ['active', 'expired', 'revoked'] as const)
        if ((await store.list({ ...everybodys, status })).items.length > 0) found.push(status)
      return found
    }
    rows.clock.advance(3599)
    expect([await stated(), await store.countOf(askedBy)]).toEqual([['active'], 1])
    expect(await store.noteRead(lease)).toBe(true)
    const readAt = rows.clock.now()
    rows.clock.advance(1)
    expect([await stated(), await store.countOf(askedBy)]).toEqual([['expired'], 0])
    expect([await store.noteRead(lease), await store.renew(lease, later(60))]).toEqual([false, null])
    expect([await store.end(lease, 'revoked'), await store.endInVault(vaultId, 'vault_lost')]).toEqual([
      false,
      0,
    ])
    expect(await read(lease)).toMatchObject({ lastReadAt: readAt, endedAt: null, endReason: null })
    const ended = await lend()
    expect(await store.end(ended, 'returned')).toBe(true)
    expect(await stated()).toEqual(['expired', 'revoked'])
  })

  it('last longer where they are renewed, never shorter, and not beyond their latest end', async () => {
    const { id, store, lend } = await scene()
    const lease = await lend({ endsLatest: later(10_000) })
    expect((await store.renew(lease, later(60)))?.expiresAt).toEqual(later(3600))
    expect((await store.renew(lease, later(7200)))?.expiresAt).toEqual(later(7200))
    const renew = (database: Database, seconds: number) => () =>
      database.transaction((tx) => leasesStore(tx, rows.clock, id).renew(lease, later(seconds)))
    await atOnce(renew(given.database, 9000), renew(other, 8000), renew(given.database, 8500))
    expect((await read(lease)).expiresAt).toEqual(later(9000))
    expect((await store.renew(lease, later(20_000)))?.expiresAt).toEqual(later(10_000))
    expect(await store.renew(newId(), later(1))).toBeNull()
  })

  it('end once, for the reason of whoever was first', async () => {
    const { id, lend } = await scene()
    const lease = await lend()
    const end = (database: Database, reason: 'revoked' | 'returned') => () =>
      database.transaction((tx) => leasesStore(tx, rows.clock, id).end(lease, reason))
    const outcomes = await atOnce(end(given.database, 'revoked'), end(other, 'returned'))
    expect(outcomes.toSorted()).toEqual([false, true])
    const { endedAt, endReason } = await read(lease)
    expect(endedAt).toEqual(rows.clock.now())
    expect(endReason).toBe(outcomes[0] ? 'revoked' : 'returned')
    rows.clock.advance(1)
    expect(await store(id).end(lease, 'machine_revoked')).toBe(false)
    expect(await read(lease)).toMatchObject({ endedAt, endReason })
  })

  it('end with what they are of, and others go on', async () => {
    const { id, store, lend, minted, vaultId, principalId, askedBy } = await scene()
    const spare = await rows.vault(id)
    const mine = [await lend(), await minted()]
    const [elsewhere, others] = [await lend({ vaultId: spare }), await lend({ askedBy: newId() })]
    expect(await store.endUnbound(principalId)).toBe(1)
    expect(await read(elsewhere)).toMatchObject({ endReason: 'vault_lost' })
    expect(await store.endOf(askedBy, 'machine_revoked')).toBe(2)
    for (const lease of mine) expect(await read(lease)).toMatchObject({ endReason: 'machine_revoked' })
    expect(await store.endInVault(vaultId, 'vault_removed')).toBe(1)
    expect(await read(others)).toMatchObject({ endReason: 'vault_removed' })
    await lend()
    await db().principalVaultBinding.deleteMany()
    expect(await store.endUnbound(principalId)).toBe(1)
    await lend()
    expect([await store.endAll('tenant_rests'), await store.endAll('tenant_rests')]).toEqual([1, 0])
  })

  describe('of tokens that were minted', () => {
    it('are due at once when they end; those of secrets never', async () => {
      const { store, lend, minted } = await scene()
      const [secret, token] = [await lend(), await minted()]
      expect(await all().listDue(rows.clock.now(), 10)).toEqual([])
      rows.clock.advance(60)
      await store.endAll('tenant_rests')
      expect(idsOf(await all().listDue(rows.clock.now(), 10))).toEqual([token])
      expect(await read(secret)).toMatchObject({ nextTryAt: null, settledAt: null })
    })

    it('are due when they expire, those first that wait longest', async () => {
      const { minted } = await scene()
      const [last, first] = [await minted(), await minted({ nextTryAt: later(60) })]
      rows.clock.advance(3599)
      expect(idsOf(await all().listDue(rows.clock.now(), 10))).toEqual([first])
      rows.clock.advance(1)
      expect(idsOf(await all().listDue(rows.clock.now(), 10))).toEqual([first, last])
      expect(idsOf(await all().listDue(rows.clock.now(), 1))).toEqual([first])
    })

    it('have the account of their token only while whoever asked may have it', async () => {
      const { id, store, minted, principalId, askedBy } = await scene()
      const token = await rows.token(id, principalId)
      const { id: stranger } = await rows.machine((await rows.tenant()).id, principalId)
      const noted = async (by: string) => {
        const lease = await minted({ askedBy: by })
        const isNoted = await store.noteMinted(lease, 'account')
        expect((await read(lease)).externalId).toBe(isNoted ? 'account' : null)
        return isNoted
      }
      expect([await noted(askedBy), await noted(token), await noted(stranger)]).toEqual([true, true, false])

      await db().identity.update({ where: { id: askedBy }, data: { status: 'revoked' } })
      await db().apiToken.update({ where: { id: token }, data: { revokedAt: rows.clock.now() } })
      expect([await noted(askedBy), await noted(token)]).toEqual([false, false])
      await db().identity.update({ where: { id: askedBy }, data: { status: 'claimed' } })
      await db().tenant.update({ where: { id }, data: { status: 'suspended' } })
      expect(await noted(askedBy)).toBe(false)
      await db().tenant.update({ where: { id }, data: { status: 'active' } })
      expect(await noted(askedBy)).toBe(true)
      await db().principalVaultBinding.deleteMany()
      expect(await noted(askedBy)).toBe(false)
    })

    it('are not had where they ended or expired meanwhile', async () => {
      const { store, minted } = await scene()
      const [ended, expired] = [await minted(), await minted()]
      await store.end(ended, 'revoked')
      rows.clock.advance(3600)
      for (const lease of [ended, expired]) expect(await store.noteMinted(lease, 'account')).toBe(false)
    })

    it('are taken back again where somebody may have made one after all', async () => {
      const { store, minted } = await scene()
      const lease = await minted()
      await store.end(lease, 'revoked')
      expect(await all().settle(lease, rows.clock.now())).toBe(true)
      expect(await all().listDue(rows.clock.now(), 10)).toEqual([])
      await store.takeBack(lease, 'mint_failed')
      expect(await all().listDue(rows.clock.now(), 10)).toMatchObject([
        { id: lease, settledAt: null, endReason: 'revoked' },
      ])
    })

    it('are tried by one at a time, and again at the moment that was said', async () => {
      const { store, minted } = await scene()
      const lease = await minted()
      await store.end(lease, 'revoked')
      const [due] = await all().listDue(rows.clock.now(), 10)
      if (!due) throw new Error('one is due')
      const take = (database: Database) => () => allLeasesStore(database.client).take(due, later(60))
      expect((await atOnce(take(given.database), take(other))).toSorted()).toEqual([false, true])
      expect(await all().listDue(later(59), 10)).toEqual([])
      await all().retry(lease, later(10), 'Not now.')
      expect(await all().listDue(later(10), 10)).toMatchObject([{ id: lease, settleError: 'Not now.' }])
      expect([await all().settle(lease, later(11)), await all().settle(lease, later(12))]).toEqual([
        true,
        false,
      ])
      await all().retry(lease, later(13), 'Not now.')
      expect(await read(lease)).toMatchObject({
        ...{ settledAt: later(11), nextTryAt: null, settleError: null },
      })
    })
  })

  it('outlive tenant, vault and principal until nothing is left at the service', async () => {
    const { id, lend, minted } = await scene()
    const [secret, token] = [await lend(), await minted({ externalId: 'account' })]
    await db().tenant.delete({ where: { id } })
    expect([await db().vault.count(), await db().principal.count(), await db().identity.count()]).toEqual([
      0, 0, 0,
    ])
    expect(await findLease(db(), token)).toMatchObject({ externalId: 'account' })
    rows.clock.advance(3600)
    expect(idsOf(await all().listDue(rows.clock.now(), 10))).toEqual([token])
    expect(await all().settle(token, rows.clock.now())).toBe(true)
    expect(await findLease(db(), token)).toBeNull()
    expect(await all().removeOver(later(1))).toBe(1)
    expect(await findLease(db(), secret)).toBeNull()
  })

  it('are removed when they were over long ago, and nothing is left of them at a service', async () => {
    const { store, lend, minted } = await scene()
    const [ended, expired, open, settled] = [await lend(), await lend(), await minted(), await minted()]
    const lasting = await lend({ expiresAt: later(9000) })
    await store.end(ended, 'returned')
    await store.end(settled, 'returned')
    await all().settle(settled, rows.clock.now())
    const endedAt = rows.clock.now()
    expect(await all().removeOver(endedAt)).toBe(0)
    expect(await all().removeOver(new Date(endedAt.getTime() + 1))).toBe(2)
    for (const lease of [ended, settled]) expect(await findLease(db(), lease)).toBeNull()
    const expiredAt = later(3600)
    expect(await all().removeOver(expiredAt)).toBe(0)
    expect(await all().removeOver(new Date(expiredAt.getTime() + 1))).toBe(1)
    const left = await db().secretLease.findMany({ orderBy: { id: 'asc' } })
    expect(idsOf(left)).toEqual([open, lasting])
    expect(await findLease(db(), expired)).toBeNull()
  })

  it('end with the person whom they are for, in every tenant, and nobody else’s do', async () => {
    const [here, there] = [await scene(), await scene()]
    const person = await rows.person(here.id)
    await rows.join(there.id, person, 'member')
    const theirs = async ({ id, lend, minted }: typeof here) => {
      const principalId = await rows.principal(id, person)
      return [await lend({ principalId }), await minted({ principalId })]
    }
    const [first, second, others] = [await theirs(here), await theirs(there), await here.lend()]
    expect(await all().endOfPerson(person, later(5))).toBe(4)
    expect(await all().endOfPerson(person, later(6))).toBe(0)
    for (const lease of [...first, ...second])
      expect(await read(lease)).toMatchObject({ endReason: 'person_disabled', endedAt: later(5) })
    expect((await read(others)).endedAt).toBeNull()
    const due = idsOf(await all().listDue(later(5), 10))
    expect(due.toSorted()).toEqual([first[1], second[1]].toSorted())
  })

  it('of minted tokens are due when they end, also where that was moved, and not after they were settled', async () => {
    const { store, minted, askedBy, id, principalId } = await scene()
    const lease = await minted({ expiresAt: later(60), endsLatest: later(9000), nextTryAt: later(60) })
    expect(await store.renew(lease, later(600))).toMatchObject({ nextTryAt: later(600) })
    expect(await all().listDue(later(599), 10)).toEqual([])
    expect(await all().settle(lease, later(1))).toBe(true)
    expect(await store.renew(lease, later(900))).toBeNull()
    expect(await store.holdsUntil(askedBy)).toBeNull()
    const token = await rows.token(id, principalId, 77)
    expect(await store.holdsUntil(token)).toEqual(later(77))
    expect(await (await scene()).store.holdsUntil(token)).toBeNull()
  })

  describe('minted at a service of the tenant’s own', () => {
    const place = 'https://files.example'
    const elsewhere = 'https://other.example'

    /** Has the tenant bring OCIS itself. */
    const connect = (tenantId: string, apiUrl = place) =>
      db().tenantConnection.create({
        data: {
          ...{ id: newId(), tenantId, service: 'ocis', apiUrl, options: {}, secretVersion: 1 },
          ...{ createdAt: rows.clock.now(), updatedAt: rows.clock.now() },
        },
      })

    it('are had only where the tenant is when it is noted', async () => {
      const { id, store, minted } = await scene()
      const noted = async (at: string | null) =>
        store.noteMinted(await minted(at === null ? {} : { place: at }), 'account')
      expect([await noted(null), await noted(place)]).toEqual([true, false])
      await connect(id)
      expect([await noted(null), await noted(place), await noted(elsewhere)]).toEqual([false, true, false])
    })

    it('end where the tenant goes elsewhere, and no others do', async () => {
      const { store, minted, lend } = await scene()
      const stranger = await (await scene()).minted({ place })
      const leases = async () => ({
        platform: await minted(),
        own: await minted({ place }),
        other: await minted({ place: elsewhere }),
        authentik: await minted({ service: 'authentik', place }),
        secret: await lend({ service: 'ocis' }),
      })
      const reasons = async (made: Awaited<ReturnType<typeof leases>>) => {
        const ended: string[] = []
        for (const [name, id] of Object.entries(made))
          if ((await read(id)).endReason === 'place_left') ended.push(name)
        return ended
      }
      const first = await leases()
      expect(await store.endElsewhere('ocis', place)).toBe(2)
      expect(await reasons(first)).toEqual(['platform', 'other'])
      const second = await leases()
      expect(await store.endElsewhere('ocis', null)).toBe(3)
      expect(await reasons(second)).toEqual(['own', 'other'])
      expect((await read(stranger)).endedAt).toBeNull()
    })

    it('are given up once, and what is signed in with there is gone', async () => {
      const { id, store, minted } = await scene()
      const [lease, orphan] = [await minted({ place, placeSealed: 'sealed' }), await minted({ place })]
      for (const one of [lease, orphan]) await store.end(one, 'returned')
      const giveUp = (one: string) => all().giveUp(one, later(5), 'It is gone.')
      expect([await giveUp(lease), await giveUp(lease)]).toEqual([true, false])
      expect(await read(lease)).toMatchObject({
        ...{ givenUpAt: later(5), settledAt: null, settleError: 'It is gone.' },
        ...{ nextTryAt: null, placeSealed: null },
      })
      expect(idsOf(await all().listDue(later(9000), 10))).toEqual([orphan])
      expect(await all().settle(lease, later(6))).toBe(false)
      await db().tenant.delete({ where: { id } })
      expect(await giveUp(orphan)).toBe(true)
      expect(await findLease(db(), orphan)).toBeNull()
      expect(await all().removeOver(later(1))).toBe(1)
      expect(await findLease(db(), lease)).toBeNull()
    })
  })
})
