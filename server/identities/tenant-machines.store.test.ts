import { beforeAll, expect, it } from 'vitest'
import type { Database } from '#server/storage/database'
import { describeEachDatabase } from '../../tests/harness/databases'
import { atOnce, createRegistries, pageThrough } from '../../tests/harness/registries'
import { claimsStore } from './claims.store'
import { findActing, machinesStore } from './machines.store'
import { tenantMachinesStore } from './tenant-machines.store'

describeEachDatabase('the machines of a tenant', (given) => {
  const rows = createRegistries(given)
  const db = () => given.database.client
  const store = (tenantId: string) => tenantMachinesStore(db(), rows.clock, tenantId)
  let other: Database
  beforeAll(async () => {
    other = await given.openAnother()
  })

  /** A tenant with a machine of a member's. */
  async function scene() {
    const { id, slug } = await rows.tenant()
    const userId = await rows.person(id, 'admin')
    const principalId = await rows.principal(id, userId)
    const machine = await rows.machine(id, principalId)
    return { id, slug, userId, principalId, machine, store: store(id) }
  }
  const read = (id: string) => db().identity.findUniqueOrThrow({ where: { id }, include: { claims: true } })
  const handles = (machines: { handle: string }[]) => machines.map(({ handle }) => handle)

  it('are its own alone: nothing of another’s is read, granted or taken', async () => {
    const [mine, theirs] = [await scene(), await scene()]
    const { id, handle } = theirs.machine
    const before = await read(id)
    expect(handles((await mine.store.list({ limit: 9 })).items)).toEqual([mine.machine.handle])
    expect(await mine.store.find(handle)).toBeNull()
    expect(await mine.store.regrant(id, { role: 'owner', scopes: null })).toBe(false)
    expect(await mine.store.askRotation(id)).toBe(false)
    expect(await mine.store.revoke(id)).toBe(false)
    const grant = { principalId: mine.principalId, role: 'owner', scopes: null } as const
    expect(await mine.store.claim(id, { ...grant, decidedById: mine.userId })).toBe(false)
    // A member of both, who leaves one of them.
    await rows.join(mine.id, theirs.userId)
    await rows.machine(mine.id, await rows.principal(mine.id, theirs.userId))
    expect(await mine.store.revokeOf(theirs.userId)).toHaveLength(1)
    expect(await read(id)).toEqual(before)
  })

  it('are shown with whom they act for, and the vaults that they reach, the default first', async () => {
    const { id, userId, principalId, machine, store } = await scene()
    const [first, second] = [await rows.vault(id), await rows.vault(id)]
    await rows.bind(principalId, first)
    await rows.bind(principalId, second, true)
    await rows.join((await rows.tenant()).id, userId, 'owner')
    const { name } = await db().user.findUniqueOrThrow({ where: { id: userId } })
    const found = await store.find(machine.handle)
    expect(found).toMatchObject({
      ...machine,
      ...{ status: 'claimed', claimedAt: rows.clock.now(), grantedRole: 'member', scopes: null },
      principal: {
        ...{ id: principalId, role: 'member', memberRole: 'admin' },
        owner: { kind: 'member', userId, name },
      },
      vaults: [
        { id: second, isDefault: true },
        { id: first, isDefault: false },
      ],
    })
    expect((await store.list({ limit: 1 })).items).toEqual([found])
  })

  it('come page by page, each once and the newest first, made in one moment though they were', async () => {
    const { id, principalId, machine, store } = await scene()
    const made = [machine.handle]
    for (let index = 0; index < 6; index += 1) made.unshift((await rows.machine(id, principalId)).handle)
    for (const limit of [1, 3, 7]) {
      const listed = await pageThrough((page) => store.list(page), limit)
      expect(handles(listed)).toEqual(made)
    }
    const revoked = [made[1] ?? '', made[4] ?? '', made[6] ?? '']
    for (const handle of revoked) await store.revoke((await store.find(handle))?.id ?? '')
    const ofStatus = (status: 'revoked' | 'claimed') => pageThrough((page) => store.list({ ...page, status }))
    expect(handles(await ofStatus('revoked'))).toEqual(revoked)
    expect(await ofStatus('claimed')).toHaveLength(4)
  })

  it('are claimed by one tenant alone, of two who accept at the same time', async () => {
    const [mine, theirs] = [await scene(), await scene()]
    const { id, did } = await rows.applicant()
    const claim = (database: Database, by: typeof mine) => () =>
      database.transaction((tx) =>
        tenantMachinesStore(tx, rows.clock, by.id).claim(id, {
          ...{ principalId: by.principalId, role: 'admin', scopes: ['tenant:read'], decidedById: by.userId },
        }),
      )
    const outcomes = await atOnce(claim(given.database, mine), claim(other, theirs))
    expect(outcomes.toSorted()).toEqual([false, true])
    const winner = outcomes[0] ? mine : theirs
    expect(await read(id)).toMatchObject({
      ...{ status: 'claimed', tenantId: winner.id, version: 2 },
      claims: [{ status: 'accepted', principalId: winner.principalId, decidedById: winner.userId }],
    })
    expect(await findActing(given.database, did)).toMatchObject({
      principal: { tenant: { id: winner.id }, grantedRole: 'admin', scopes: ['tenant:read'] },
    })
  })

  it('are claimed where they ask for it alone', async () => {
    const { userId, principalId, store } = await scene()
    const { id } = await rows.applicant()
    for (const status of ['rejected', 'revoked'] as const) {
      await db().identity.update({ where: { id }, data: { status } })
      const grant = { principalId, role: 'member', scopes: null, decidedById: userId } as const
      expect(await store.claim(id, grant)).toBe(false)
      expect(await read(id)).toMatchObject({ status, tenantId: null, claims: [{ status: 'pending' }] })
    }
  })

  it('are claimed, or rejected, of both at the same time', async () => {
    const { id: tenantId, userId, principalId } = await scene()
    const { id } = await rows.applicant()
    const grant = { principalId, role: 'member', scopes: null, decidedById: userId } as const
    const outcomes = await atOnce(
      () =>
        given.database.transaction((tx) => tenantMachinesStore(tx, rows.clock, tenantId).claim(id, grant)),
      () => other.transaction((tx) => claimsStore(tx, rows.clock, userId).reject(id)),
    )
    expect(outcomes.toSorted()).toEqual([false, true])
    const [status, claimed] = outcomes[0] ? ['claimed', 'accepted'] : ['rejected', 'rejected']
    expect(await read(id)).toMatchObject({ status, claims: [{ status: claimed }] })
  })

  it('are granted anew while they are claimed, against the version that was seen', async () => {
    const { machine, store } = await scene()
    const { id, handle } = machine
    expect(await store.regrant(id, { role: 'admin', scopes: ['tenant:read'] }, 1)).toBe(true)
    expect(await store.find(handle)).toMatchObject({
      ...{ grantedRole: 'admin', scopes: ['tenant:read'], version: 2 },
    })
    expect(await store.regrant(id, { role: 'member', scopes: ['members:read'] }, 1)).toBe(false)
    expect(await store.regrant(id, {}, 2)).toBe(true)
    expect(await store.find(handle)).toMatchObject({
      ...{ grantedRole: 'admin', scopes: ['tenant:read'], version: 3 },
    })
    expect(await store.regrant(id, { scopes: null })).toBe(true)
    expect(await store.find(handle)).toMatchObject({ grantedRole: 'admin', scopes: null })
    await store.revoke(id)
    expect(await store.regrant(id, { role: 'owner' })).toBe(false)
  })

  it('lose everything once and for good', async () => {
    const { id: tenantId, machine, store } = await scene()
    const { id, handle } = machine
    const revoke = (database: Database) => () =>
      database.transaction((tx) => tenantMachinesStore(tx, rows.clock, tenantId).revoke(id))
    expect((await atOnce(revoke(given.database), revoke(other))).toSorted()).toEqual([false, true])
    const revokedAt = rows.clock.now()
    rows.clock.advance(60)
    expect([await store.revoke(id), await store.askRotation(id)]).toEqual([false, false])
    expect(await store.find(handle)).toMatchObject({ status: 'revoked', revokedAt, version: 2 })
    expect(await machinesStore(db(), rows.clock).askAgain(id, { address: null, userAgent: null })).toBe(false)
  })

  it('are asked for another key', async () => {
    const { machine, store } = await scene()
    expect(await store.askRotation(machine.id)).toBe(true)
    expect(await store.find(machine.handle)).toMatchObject({ rotationAsked: true, version: 2 })
    const { id } = await rows.applicant()
    expect(await store.askRotation(id)).toBe(false)
  })

  it('of a member who leaves are revoked, and no others', async () => {
    const { id, userId, principalId, machine, store } = await scene()
    const second = await rows.machine(id, principalId)
    const [colleagues, services] = [
      await rows.machine(id, await rows.principal(id, await rows.person(id))),
      await rows.machine(id, await rows.principal(id)),
    ]
    expect(await store.revokeOf(userId)).toEqual([
      { id: machine.id, name: machine.handle },
      { id: second.id, name: second.handle },
    ])
    expect(await store.revokeOf(userId)).toEqual([])
    for (const { handle } of [colleagues, services])
      expect(await store.find(handle)).toMatchObject({ status: 'claimed' })
  })

  it('act for nobody once that is gone, and go with their tenant: the handle is free then', async () => {
    const { id, userId, principalId, machine, store } = await scene()
    const accountId = await rows.service(id)
    await db().principal.update({
      where: { id: principalId },
      data: { userId: null, serviceAccountId: accountId },
    })
    const { handle, did } = machine
    const second = await rows.machine(id, await rows.principal(id, userId))
    await db().serviceAccount.delete({ where: { id: accountId } })
    await db().membership.deleteMany({ where: { userId } })
    for (const one of [machine, second]) {
      const without = { principal: null, vaults: [], grantedRole: null, claimedAt: null }
      expect(await store.find(one.handle)).toMatchObject({ status: 'claimed', ...without })
      expect(await findActing(given.database, one.did)).toMatchObject({ status: 'claimed', principal: null })
    }
    await db().tenant.delete({ where: { id } })
    expect(await findActing(given.database, did)).toBeNull()
    expect(await db().identityClaim.count()).toBe(0)
    const again = { handle, did, address: null, userAgent: null }
    expect(await machinesStore(db(), rows.clock).register(again)).toMatchObject({ status: 'pending' })
  })
})
