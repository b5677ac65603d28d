import { newId } from '#server/lib/ids'
import { makeMember, tenantIdOf, type Owner, type RowKind, type RowMeans } from './row-kind'

/** A vault of the tenant, with a secret where the operator is a member. */
async function makeVault({ db, boss, fresh }: RowMeans, { slug }: Owner) {
  const [id, tenantId, handle] = [newId(), await tenantIdOf(db, slug), fresh()]
  await db.vault.create({ data: { id, tenantId, handle, createdAt: new Date() } })
  const secret = { service: 'mail', name: fresh() }
  for (const value of ['one', 'two'])
    await boss.put(`/api/vaults/${id}/entries/${secret.service}/${secret.name}`, { value })
  return { id, ...secret }
}

/** Vaults, what lies in them and is lent of them, and connections. */
export const vaultRows = {
  former: {
    absent: 'connection.former_not_found',
    async make({ db }, { slug }) {
      const [id, tenantId] = [newId(), await tenantIdOf(db, slug)]
      const apiUrl = `https://${id}.example.org`
      await db.formerConnection.create({
        data: { id, tenantId, service: 'stalwart', apiUrl, things: 1, leftAt: new Date() },
      })
      const read = () => db.formerConnection.findUnique({ where: { id }, select: { things: true } })
      return { params: { id }, shownBy: id, read }
    },
  },
  // The path names one of three services, and no row: tests/api/connections.test.ts has two tenants.
  connection: {
    everybodys: true,
    absent: 'connection.not_found',
    async make({ db }, { slug }) {
      const tenantId = await tenantIdOf(db, slug)
      const where = { tenantId_service: { tenantId, service: 'stalwart' as const } }
      const options = { kind: 'token', clientId: null, tokenUrl: null }
      const set = { apiUrl: 'http://127.0.0.1:9', options, secretVersion: 1 }
      const times = { createdAt: new Date(), updatedAt: new Date() }
      const create = { ...set, ...times, id: newId(), tenantId, service: 'stalwart' as const }
      await db.tenantConnection.upsert({ where, create, update: {} })
      const read = () => db.tenantConnection.findUnique({ where, select: { version: true } })
      return { params: { service: 'stalwart' }, shownBy: 'http://127.0.0.1:9', read }
    },
  },
  vault: {
    absent: 'vault.not_found',
    async make({ db, fresh }, { slug }) {
      const [id, tenantId] = [newId(), await tenantIdOf(db, slug)]
      await db.vault.create({ data: { id, tenantId, handle: fresh(), createdAt: new Date() } })
      const read = () => db.vault.findUnique({ where: { id }, select: { handle: true } })
      return { params: { vaultId: id }, shownBy: id, read }
    },
  },
  binding: {
    absent: 'vault.not_found',
    async make(means, owner) {
      const { db } = means
      const { id } = await makeVault(means, owner)
      const userId = await makeMember(means, owner)
      const tenantId = await tenantIdOf(db, owner.slug)
      const principal = { id: newId(), tenantId, userId, role: 'owner' as const, createdAt: new Date() }
      await db.principal.create({ data: principal })
      const principalId = principal.id
      const binding = { principalId, vaultId: id, defaultOf: principalId, createdAt: new Date() }
      await db.principalVaultBinding.create({ data: binding })
      const read = () => db.principalVaultBinding.findFirst({ where: { vaultId: id } })
      return { params: { vaultId: id, userId }, shownBy: userId, read }
    },
  },
  secret: {
    absent: 'vault.not_found',
    async make(means, owner) {
      const { id, service, name } = await makeVault(means, owner)
      const read = () => means.db.vault.findUnique({ where: { id }, select: { handle: true } })
      return { params: { id, service, name, version: '1' }, shownBy: name, read }
    },
  },
  lease: {
    absent: 'lease.not_found',
    async make(means, owner) {
      const { db, fresh } = means
      const { id: vaultId } = await makeVault(means, owner)
      const [id, name, tenantId] = [newId(), fresh(), await tenantIdOf(db, owner.slug)]
      const { userId } = owner
      const known = await db.principal.findFirst({ where: { tenantId, userId } })
      const isMember = await db.membership.count({ where: { tenantId, userId } })
      const principalId = known?.id ?? newId()
      const createdAt = new Date()
      if (!known && isMember)
        await db.principal.create({ data: { id: principalId, tenantId, userId, role: 'owner', createdAt } })
      const expiresAt = new Date(Date.now() + 3_600_000)
      const lent = { kind: 'secret', service: 'mail', name, purpose: 'to be seen' } as const
      const times = { createdAt, expiresAt, endsLatest: expiresAt }
      const asked = { vaultId, principalId, askedBy: newId() }
      await db.secretLease.create({ data: { id, tenantId, ...asked, ...lent, ...times } })
      const read = () =>
        db.secretLease.findFirst({ where: { id }, select: { endedAt: true, expiresAt: true } })
      return { params: { id }, shownBy: id, read }
    },
  },
} as const satisfies Record<string, RowKind>
