import { beforeAll, expect, it } from 'vitest'
import { newToken, sha256 } from '#server/lib/ids'
import { addSeconds } from '#server/lib/clock'
import type { Database } from '#server/storage/database'
import { isUniqueViolation } from '#server/storage/database.errors'
import { describeEachDatabase } from '../../tests/harness/databases'
import { atOnce, createRegistries, pageThrough } from '../../tests/harness/registries'
import { apiTokensStore, tenantTokensStore } from './api-tokens.store'

describeEachDatabase('the API tokens of a tenant', (given) => {
  const rows = createRegistries(given)
  const db = () => given.database.client
  const store = (tenantId: string) => tenantTokensStore(db(), rows.clock, tenantId)
  const all = () => apiTokensStore(db(), rows.clock)
  let other: Database
  beforeAll(async () => {
    other = await given.openAnother()
  })

  async function scene() {
    const { id, slug } = await rows.tenant()
    const userId = await rows.person(id, 'admin')
    const principalId = await rows.principal(id, userId, 'owner')
    const [vaultId, tokenHash] = [await rows.vault(id), sha256(newToken())]
    await rows.bind(principalId, vaultId, true)
    const token = await store(id).create(newOne(principalId, tokenHash))
    return { id, slug, userId, principalId, vaultId, tokenHash, token, store: store(id) }
  }
  const newOne = (principalId: string, tokenHash: string) => ({
    ...{ name: rows.fresh('token'), tokenHash, ending: 'abcd', principalId, role: 'admin' as const },
    ...{ scopes: ['tenant:read' as const], createdById: 'somebody' },
    expiresAt: addSeconds(rows.clock.now(), 3600),
  })
  const idsOf = (tokens: { id: string }[]) => tokens.map(({ id }) => id)

  it('are its own alone: nothing of another’s is read or ended', async () => {
    const [mine, theirs] = [await scene(), await scene()]
    expect(idsOf((await mine.store.list({ limit: 9 })).items)).toEqual([mine.token.id])
    expect(await mine.store.find(theirs.token.id)).toBeNull()
    expect(await mine.store.revoke(theirs.token.id)).toBe(false)
    await rows.join(mine.id, theirs.userId)
    expect(await mine.store.listOf(theirs.userId)).toEqual([])
    expect(await theirs.store.find(theirs.token.id)).toEqual(theirs.token)
    expect(await theirs.store.listOf(theirs.userId)).toEqual([
      { id: theirs.token.id, name: theirs.token.name },
    ])
  })

  it('come page by page, each once and the newest first, made in one moment though they were', async () => {
    const { principalId, token, store } = await scene()
    const made = [token.id]
    for (let index = 0; index < 6; index += 1)
      made.unshift((await store.create(newOne(principalId, sha256(newToken())))).id)
    for (const limit of [1, 3, 7])
      expect(idsOf(await pageThrough((page) => store.list(page), limit))).toEqual(made)
  })

  it('are each of a hash that nobody else has, of two who make one at the same time too', async () => {
    const [mine, theirs] = [await scene(), await scene()]
    const tokenHash = sha256(newToken())
    const make = (database: Database, by: typeof mine) => () =>
      tenantTokensStore(database.client, rows.clock, by.id).create(newOne(by.principalId, tokenHash))
    const outcomes = await atOnce(make(given.database, mine), make(other, theirs))
    expect(outcomes.filter((outcome) => isUniqueViolation(outcome, 'tokenHash'))).toHaveLength(1)
    expect(await db().apiToken.count({ where: { tokenHash } })).toBe(1)
  })

  it('stand for their principal as it is now', async () => {
    const { id, slug, userId, principalId, vaultId, tokenHash, token } = await scene()
    const { name } = await db().user.findUniqueOrThrow({ where: { id: userId } })
    const { handle } = await db().vault.findUniqueOrThrow({ where: { id: vaultId } })
    expect(await all().findActing(sha256('another'))).toBeNull()
    expect(await all().findActing(tokenHash)).toEqual({
      ...{ id: token.id, name: token.name, expiresAt: token.expiresAt, lastUsedAt: null, revokedAt: null },
      principal: {
        ...{ id: principalId, userId, role: 'owner', grantedRole: 'admin', memberRole: 'admin' },
        ...{ isUserActive: true, scopes: ['tenant:read'], ownerName: name },
        tenant: { id, slug, name: slug, status: 'active' },
        vaults: [{ id: vaultId, handle, isDefault: true }],
      },
    })
    await db().user.update({ where: { id: userId }, data: { status: 'disabled' } })
    await db().membership.updateMany({ where: { userId }, data: { role: 'member' } })
    await db().principalVaultBinding.deleteMany()
    expect(await all().findActing(tokenHash)).toMatchObject({
      principal: { memberRole: 'member', isUserActive: false, vaults: [] },
    })
  })

  it('give nobody more where what is stored is no longer what was written', async () => {
    const { tokenHash } = await scene()
    for (const scopes of [['everything'], 'tenant:read', { all: true }, 7]) {
      await db().apiToken.updateMany({ data: { scopes } })
      await expect(all().findActing(tokenHash)).rejects.toThrow()
    }
  })

  it('act for a member while they hold', async () => {
    const { userId, token, store } = await scene()
    rows.clock.advance(3599)
    expect(idsOf(await store.listOf(userId))).toEqual([token.id])
    rows.clock.advance(1)
    expect(await store.listOf(userId)).toEqual([])
    expect(await store.find(token.id)).toEqual(token)
  })

  it('end once and for good', async () => {
    const { id, userId, tokenHash, token, store } = await scene()
    const revoke = (database: Database) => () =>
      database.transaction((tx) => tenantTokensStore(tx, rows.clock, id).revoke(token.id))
    expect((await atOnce(revoke(given.database), revoke(other))).toSorted()).toEqual([false, true])
    const revokedAt = rows.clock.now()
    rows.clock.advance(60)
    expect(await store.revoke(token.id)).toBe(false)
    expect(await store.listOf(userId)).toEqual([])
    expect(await all().findActing(tokenHash)).toMatchObject({ revokedAt })
  })

  it('have their use noted once a minute', async () => {
    const { token, store } = await scene()
    const used = async () => (await store.find(token.id))?.lastUsedAt
    expect(await used()).toBeNull()
    await all().noteUse(token.id)
    const first = rows.clock.now()
    rows.clock.advance(59)
    await all().noteUse(token.id)
    expect(await used()).toEqual(first)
    rows.clock.advance(1)
    await all().noteUse(token.id)
    expect(await used()).toEqual(rows.clock.now())
  })

  it.each(['membership', 'service', 'tenant'] as const)('go with their %s', async (what) => {
    const { id, userId, principalId, tokenHash } = await scene()
    if (what === 'membership') await db().membership.deleteMany({ where: { userId } })
    if (what === 'tenant') await db().tenant.delete({ where: { id } })
    if (what === 'service') {
      const serviceAccountId = await rows.service(id)
      await db().principal.update({ where: { id: principalId }, data: { userId: null, serviceAccountId } })
      await db().serviceAccount.delete({ where: { id: serviceAccountId } })
    }
    expect(await all().findActing(tokenHash)).toBeNull()
    expect([await db().apiToken.count(), await db().principal.count()]).toEqual([0, 0])
  })
})
