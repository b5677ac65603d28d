import { randomBytes } from 'node:crypto'
import { expect, it } from 'vitest'
import { newId } from '#server/lib/ids'
import type { Database } from '#server/storage/database'
import { isUniqueViolation } from '#server/storage/database.errors'
import { describeEachDatabase } from '../../tests/harness/databases'
import { TestClock } from '../../tests/harness/portal'
import { createWorkshop } from '../../tests/harness/provisioning'
import { atOnce } from '../../tests/harness/registries'
import { findActing, machinesStore } from './machines.store'

describeEachDatabase('the registries of machines', (given) => {
  const shop = createWorkshop(given)
  const clock = new TestClock()
  const store = () => machinesStore(given.database.client, clock)
  const db = () => given.database.client
  let count = 0
  const someone = () => ({
    handle: `machine-${(count += 1)}`,
    did: `did:key:z${randomBytes(16).toString('hex')}`,
    address: '192.0.2.7',
    userAgent: 'tenantry/1',
  })
  /** A principal of a member, or of a service where no user is given. */
  async function principal(tenantId: string, userId?: string) {
    const now = clock.now()
    const made = { tenantId, createdAt: now }
    const account =
      userId === undefined &&
      (await db().serviceAccount.create({ data: { id: newId(), name: `service-${(count += 1)}`, ...made } }))
    const owner = account ? { serviceAccountId: account.id } : { userId: userId ?? null }
    return db().principal.create({ data: { id: newId(), role: 'admin', ...owner, ...made } })
  }
  async function claim(identityId: string, principalId: string, scopes?: string[]) {
    const data = { principalId, status: 'accepted', ...(scopes && { scopes }) } as const
    await db().identityClaim.updateMany({ where: { identityId, status: 'pending' }, data })
    await db().identity.update({ where: { id: identityId }, data: { status: 'claimed' } })
  }

  it('knows an identity by its handle and its key, each of which is taken once', async () => {
    const mine = someone()
    const { id } = await store().register(mine)
    expect(await store().findByDid(mine.did)).toMatchObject({ id, status: 'pending', ...mine })
    expect(await store().findByHandle(mine.handle)).toMatchObject({ id })
    expect(await store().findByHandle('nobody')).toBeNull()
    for (const [column, other] of [
      ['handle', { ...someone(), handle: mine.handle }],
      ['did', { ...someone(), did: mine.did }],
    ] as const) {
      const refused = await given.database
        .transaction((tx) => machinesStore(tx, clock).register(other))
        .catch((error: unknown) => error)
      expect(isUniqueViolation(refused, column)).toBe(true)
    }
  })

  it('gives a handle and a key to one alone, of two who register them at the same time', async () => {
    const mine = someone()
    const other = await given.openAnother()
    for (const rivals of [
      [mine, { ...someone(), handle: mine.handle }],
      [someone(), null],
    ] as const) {
      const [one, two] = [rivals[0], rivals[1] ?? { ...someone(), did: rivals[0].did }]
      const register = (database: Database, who: typeof mine) => () =>
        database.transaction((tx) => machinesStore(tx, clock).register(who))
      const outcomes = await atOnce(register(given.database, one), register(other, two))
      expect(outcomes.filter((outcome) => isUniqueViolation(outcome))).toHaveLength(1)
      const where = { OR: [one, two].map(({ did, handle }) => ({ did, handle })) }
      const [made, ...more] = await db().identity.findMany({ where, include: { claims: true } })
      expect([made?.claims, more]).toMatchObject([[{ status: 'pending' }], []])
    }
  })

  it('changes a key once, of two who take another at the same time', async () => {
    const { id, did: from } = await store().register(someone())
    const other = await given.openAnother()
    const change = (database: Database, to: string) => () =>
      database.transaction((tx) => machinesStore(tx, clock).changeKey(id, { from, to }))
    const keys = [someone().did, someone().did] as const
    const outcomes = await atOnce(change(given.database, keys[0]), change(other, keys[1]))
    expect(outcomes.toSorted()).toEqual([false, true])
    expect(await store().find(id)).toMatchObject({ did: outcomes[0] ? keys[0] : keys[1], version: 2 })
  })

  it('lets one principal at most act through an identity, and a principal have one default vault', async () => {
    const { id: tenantId } = await shop.createTenant()
    const [one, other] = [await principal(tenantId), await principal(tenantId)]
    const { id: identityId } = await store().register(someone())
    await claim(identityId, one.id)
    const second = db().identityClaim.create({
      data: { id: newId(), identityId, principalId: other.id, status: 'accepted', createdAt: clock.now() },
    })
    expect(isUniqueViolation(await second.catch((error: unknown) => error))).toBe(true)
    const [first, spare] = await Promise.all(
      ['one', 'two'].map((handle) =>
        db().vault.create({ data: { id: newId(), tenantId, handle, createdAt: clock.now() } }),
      ),
    )
    const bind = (vaultId: string) =>
      db().principalVaultBinding.create({
        data: { principalId: one.id, vaultId, defaultOf: one.id, createdAt: clock.now() },
      })
    await bind(first!.id)
    expect(isUniqueViolation(await bind(spare!.id).catch((error: unknown) => error), 'defaultOf')).toBe(true)
    expect(await store().findPlace(identityId)).toMatchObject({
      vaults: [{ id: first!.id, handle: 'one', isDefault: true }],
    })
  })

  it('finds at once for whom an identity acts, as it is now', async () => {
    const tenant = await shop.createTenant()
    const [userId] = await shop.addPeople(tenant.id, ['Ada'])
    const { id, did, handle } = await store().register(someone())
    expect(await findActing(given.database, 'did:key:znobody')).toBeNull()
    expect(await findActing(given.database, did)).toMatchObject({ id, status: 'pending', principal: null })

    const own = await principal(tenant.id, userId)
    await claim(id, own.id, ['tenant:read', 'secrets:read'])
    const [first, second] = await Promise.all(
      ['one', 'two'].map((handle) =>
        db().vault.create({ data: { id: newId(), tenantId: tenant.id, handle, createdAt: clock.now() } }),
      ),
    )
    for (const [vault, defaultOf] of [
      [first, null],
      [second, own.id],
    ] as const)
      await db().principalVaultBinding.create({
        data: { principalId: own.id, vaultId: vault!.id, defaultOf, createdAt: clock.now() },
      })
    await store().noteUse(id)
    const found = await findActing(given.database, did)
    expect(found).toEqual({
      ...{ id, did, handle, status: 'claimed', lastUsedAt: clock.now() },
      principal: {
        ...{ id: own.id, userId, role: 'admin', grantedRole: null },
        ...{ memberRole: 'owner', isUserActive: true },
        tenant: { id: tenant.id, slug: tenant.slug, name: expect.any(String), status: 'pending' },
        scopes: ['tenant:read', 'secrets:read'],
        ownerName: 'Ada',
        vaults: [
          { id: second!.id, handle: 'two', isDefault: true },
          { id: first!.id, handle: 'one', isDefault: false },
        ],
      },
    })

    await db().user.update({ where: { id: userId }, data: { status: 'disabled' } })
    expect(await findActing(given.database, did)).toMatchObject({ principal: { isUserActive: false } })
    await db().membership.deleteMany({ where: { userId } })
    expect(await findActing(given.database, did)).toMatchObject({ id, principal: null })
  })

  it('gives all that the role allows where no scopes were chosen, and no user where a service acts', async () => {
    const { id: tenantId } = await shop.createTenant()
    const { id, did } = await store().register(someone())
    await claim(id, (await principal(tenantId)).id)
    expect(await findActing(given.database, did)).toMatchObject({
      principal: { userId: null, memberRole: null, scopes: null },
    })
  })

  it('lets those ask again whom nobody has accepted, and no others', async () => {
    const { id: tenantId } = await shop.createTenant()
    const from = { address: '192.0.2.8', userAgent: null }
    const { id } = await store().register(someone())
    await db().identityClaim.updateMany({ where: { identityId: id }, data: { status: 'rejected' } })
    await db().identity.update({ where: { id }, data: { status: 'rejected' } })
    expect(await store().askAgain(id, from)).toBe(true)
    expect(await store().find(id)).toMatchObject({ status: 'pending', ...from })
    expect(await store().askAgain(id, from)).toBe(true)

    await claim(id, (await principal(tenantId)).id)
    expect(await store().askAgain(id, from)).toBe(false)
    await db().identity.update({ where: { id }, data: { status: 'revoked' } })
    expect(await store().askAgain(id, from)).toBe(false)
  })

  it('takes another key in place of the one that it had, and never for one that was revoked', async () => {
    const { id, did: from } = await store().register(someone())
    const { did: to } = someone()
    await db().identity.update({ where: { id }, data: { rotationAsked: true } })
    expect(await store().changeKey(id, { from, to })).toBe(true)
    expect(await store().changeKey(id, { from, to: someone().did })).toBe(false)
    expect(await findActing(given.database, from)).toBeNull()
    expect(await store().findByDid(to)).toMatchObject({ id, rotationAsked: false, version: 2 })
    await db().identity.update({ where: { id }, data: { status: 'revoked' } })
    expect(await store().changeKey(id, { from: to, to: from })).toBe(false)
  })

  it('frees the handles of those that nobody claims', async () => {
    const { id: tenantId } = await shop.createTenant()
    const [mine, nobodys, late] = [someone(), someone(), someone()]
    await claim((await store().register(mine)).id, (await principal(tenantId)).id)
    await store().register(nobodys)
    const since = clock.now()
    clock.advance(1)
    await store().register(late)
    await store().removeUnclaimed(new Date(since.getTime() + 1))
    expect(await store().findByHandle(nobodys.handle)).toBeNull()
    expect(await store().findByHandle(mine.handle)).toMatchObject({ status: 'claimed' })
    expect(await store().findByHandle(late.handle)).toMatchObject({ status: 'pending' })
    await store().register({ ...someone(), handle: nobodys.handle })
  })

  it('notes a use once a minute', async () => {
    const { id } = await store().register(someone())
    const used = async () => (await store().find(id))?.lastUsedAt
    expect(await used()).toBeNull()
    await store().noteUse(id)
    const first = clock.now()
    clock.advance(59)
    await store().noteUse(id)
    expect(await used()).toEqual(first)
    clock.advance(2)
    await store().noteUse(id)
    expect(await used()).toEqual(clock.now())
  })
})
