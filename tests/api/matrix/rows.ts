import { newId, newToken, sha256 } from '#server/lib/ids'
import type { DatabaseClient } from '#server/storage/database'
import type { ClaimTokens } from '#server/identities/claim-tokens'
import { claimInDatabase, TestMachine } from '../../harness/machine'
import type { HttpClient } from '../../harness/http'
import type { NameServer } from '../../harness/name-server'

/** What rows are made with. */
export interface RowMeans {
  db: DatabaseClient
  /** The first operator's browser. */
  boss: HttpClient
  /** Whom domains are looked up at. */
  names: NameServer
  claimTokens: ClaimTokens
  /** A word that no other row has. */
  fresh(): string
}

/** Whose a row is: a tenant's, or a person's. */
export interface Owner {
  slug: string
  userId: string
}

/** What a path names beside the tenant, and is there. */
export interface Row {
  /** The path's parameters. */
  params: Record<string, string>
  /** By which a list shows it. */
  shownBy: string
  /** What of it may change by a call, read anew; null: it is gone. */
  read(): Promise<unknown>
}

export interface RowKind {
  /** Whoever may call is let to everybody's: nothing is another's. */
  everybodys?: true
  /** What is said of one that is another's. */
  absent: string
  make(means: RowMeans, owner: Owner): Promise<Row>
}

const tenantIdOf = async (db: DatabaseClient, slug: string) =>
  (await db.tenant.findUniqueOrThrow({ where: { slug }, select: { id: true } })).id

/** An answer that is right, else an error that shows it. */
function ok<Answer extends { status: number; text: string }>(answer: Answer): Answer {
  if (answer.status >= 300) throw new Error(`Answered ${answer.status}: ${answer.text}`)
  return answer
}

const drift: RowKind = {
  absent: 'drift.not_found',
  async make({ db, fresh }, { slug }) {
    const [id, tenantId, now] = [newId(), await tenantIdOf(db, slug), new Date()]
    const thing = { kind: 'group', name: fresh(), thing: fresh(), what: 'missing' } as const
    const seen = { service: 'authentik', step: 'group', firstSeenAt: now, lastSeenAt: now } as const
    await db.resourceDrift.create({ data: { id, tenantId, ...thing, ...seen } })
    const read = () => db.resourceDrift.findFirst({ where: { id }, select: { status: true } })
    return { params: { id }, shownBy: id, read }
  },
}

/** Somebody whom the operator made a member. @returns their id */
async function makeMember({ boss, fresh }: RowMeans, { slug }: Owner): Promise<string> {
  const email = `${fresh()}@example.org`
  const { id } = ok(await boss.post('/api/users', { email, name: 'Spare member' })).json
  ok(await boss.post(`/api/tenants/${slug}/members`, { email, role: 'member' }))
  return id
}

/** A vault of the tenant, with a secret where the operator is a member. */
async function makeVault({ db, boss, fresh }: RowMeans, { slug }: Owner) {
  const [id, tenantId, handle] = [newId(), await tenantIdOf(db, slug), fresh()]
  await db.vault.create({ data: { id, tenantId, handle, createdAt: new Date() } })
  const secret = { service: 'mail', name: fresh() }
  for (const value of ['one', 'two'])
    await boss.put(`/api/vaults/${id}/entries/${secret.service}/${secret.name}`, { value })
  return { id, ...secret }
}

export const rowKinds = {
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
  member: {
    absent: 'member.not_found',
    async make(means, owner) {
      const { db } = means
      const userId = await makeMember(means, owner)
      const of = { tenant: { slug: owner.slug }, userId }
      const read = () => db.membership.findFirst({ where: of, select: { role: true, version: true } })
      return { params: { userId }, shownBy: userId, read }
    },
  },
  domain: {
    absent: 'domain.not_found',
    async make({ db, boss, names, fresh }, { slug }) {
      const name = `${fresh()}.example`
      const { challenge } = ok(await boss.post(`/api/tenants/${slug}/domains`, { name })).json
      names.setText(challenge.name, challenge.value)
      const of = { tenant: { slug }, name }
      const read = () => db.domain.findFirst({ where: of, select: { verifiedAt: true, checkedAt: true } })
      return { params: { name }, shownBy: name, read }
    },
  },
  drift,
  anyDrift: { ...drift, everybodys: true },
  export: {
    absent: 'export.not_found',
    async make({ db }, { slug }) {
      const [id, tenantId, now] = [newId(), await tenantIdOf(db, slug), new Date()]
      const parts = { create: { number: 1, kind: 'members', records: [{ of: slug }] } }
      await db.tenantExport.create({ data: { id, tenantId, createdAt: now, completedAt: now, parts } })
      const read = () => db.tenantExport.findFirst({ where: { id }, select: { completedAt: true } })
      return { params: { id }, shownBy: id, read }
    },
  },
  receipt: {
    absent: 'receipt.not_found',
    async make({ db }, { slug, userId }) {
      const [id, tenantId, now] = [newId(), await tenantIdOf(db, slug), new Date()]
      await db.accessReceipt.create({ data: { id, tenantId, userId, askedAt: now, completedAt: now } })
      const read = () => db.accessReceipt.findFirst({ where: { id }, select: { completedAt: true } })
      return { params: { id }, shownBy: id, read }
    },
  },
  invitation: {
    absent: 'invitation.not_found',
    async make({ db, boss, fresh }, { slug }) {
      const body = { email: `${fresh()}@example.org`, role: 'member' }
      const { id } = ok(await boss.post(`/api/tenants/${slug}/invitations`, body)).json
      const read = () => db.invitation.findFirst({ where: { id }, select: { tokenHash: true, sentAt: true } })
      return { params: { id }, shownBy: id, read }
    },
  },
  run: {
    absent: 'run.not_found',
    async make({ db }, { slug }) {
      const { id } = await db.provisioningRun.findFirstOrThrow({ where: { tenant: { slug } } })
      const read = () => db.provisioningRun.findFirst({ where: { id }, select: { cause: true } })
      return { params: { runId: id }, shownBy: id, read }
    },
  },
  session: {
    absent: 'session.not_found',
    async make({ db }, { userId }) {
      const [id, now] = [newId(), new Date()]
      const times = { createdAt: now, lastSeenAt: now, expiresAt: new Date(now.getTime() + 3_600_000) }
      await db.session.create({ data: { id, userId, tokenHash: sha256(newToken()), ...times } })
      const read = () => db.session.findFirst({ where: { id }, select: { tokenHash: true } })
      return { params: { id, sessionId: id }, shownBy: id, read }
    },
  },
  passkey: {
    absent: 'passkey.not_found',
    async make({ db }, { userId }) {
      const id = newId()
      const key = { credentialId: newToken(), publicKey: 'k', counter: 0n, transports: [], synced: false }
      await db.passkey.create({ data: { id, userId, name: 'Laptop', createdAt: new Date(), ...key } })
      const read = () => db.passkey.findFirst({ where: { id }, select: { name: true } })
      return { params: { id }, shownBy: id, read }
    },
  },
  identity: {
    absent: 'identity.not_found',
    async make({ db, fresh }, { userId }) {
      const [id, now] = [newId(), new Date()]
      const who = { issuer: 'https://id.example.org', subject: fresh() }
      await db.externalIdentity.create({ data: { id, userId, ...who, createdAt: now, lastUsedAt: now } })
      const read = () => db.externalIdentity.findFirst({ where: { id }, select: { subject: true } })
      return { params: { id }, shownBy: id, read }
    },
  },
  /** Reached by its own key alone: tests/api/registration.test.ts. */
  unclaimed: {
    everybodys: true,
    absent: 'identity.not_found',
    async make({ db, fresh }) {
      const [id, handle, now] = [newId(), fresh(), new Date()]
      const did = `did:key:${handle}`
      await db.identity.create({ data: { id, handle, did, keyChangedAt: now, createdAt: now } })
      const read = () => db.identity.findFirst({ where: { id }, select: { did: true, status: true } })
      return { params: { handle }, shownBy: handle, read }
    },
  },
  claim: {
    everybodys: true,
    absent: 'claim.not_found',
    async make({ db, claimTokens, fresh }) {
      const [id, handle, now] = [newId(), fresh(), new Date()]
      const { did } = new TestMachine(handle, 'nobody')
      await db.identity.create({ data: { id, handle, did, keyChangedAt: now, createdAt: now } })
      await db.identityClaim.create({ data: { id: newId(), identityId: id, createdAt: now } })
      const { token } = await claimTokens.issue(id)
      const read = () => db.identity.findFirst({ where: { id }, select: { status: true, tenantId: true } })
      return { params: { token }, shownBy: handle, read }
    },
  },
  machine: {
    absent: 'identity.not_found',
    async make({ db, fresh }, { slug }) {
      const handle = fresh()
      const machine = new TestMachine(handle, 'nobody')
      const { identityId: id } = await claimInDatabase(db, machine, { slug })
      const read = () => db.identity.findFirst({ where: { id }, select: { status: true, version: true } })
      return { params: { handle }, shownBy: handle, read }
    },
  },
  apiToken: {
    absent: 'token.not_found',
    async make({ db, fresh }, { slug }) {
      const [id, name] = [newId(), fresh()]
      const { principalId, tenantId } = await claimInDatabase(db, new TestMachine(name, 'nobody'), { slug })
      const times = { createdAt: new Date(), expiresAt: new Date(Date.now() + 3_600_000) }
      const secret = { tokenHash: sha256(newToken()), ending: 'abcd' }
      await db.apiToken.create({ data: { id, name, principalId, tenantId, ...secret, ...times } })
      const read = () => db.apiToken.findFirst({ where: { id }, select: { revokedAt: true } })
      return { params: { id }, shownBy: id, read }
    },
  },
  service: {
    absent: 'service.not_found',
    async make({ db, fresh }, { slug }) {
      const [id, name, tenantId] = [newId(), fresh(), await tenantIdOf(db, slug)]
      await db.serviceAccount.create({ data: { id, name, tenantId, createdAt: new Date() } })
      const read = () => db.serviceAccount.findFirst({ where: { id }, select: { name: true } })
      return { params: { id }, shownBy: id, read }
    },
  },
} as const satisfies Record<string, RowKind>

/** What the paths name: the longest beginning that fits decides. */
const named: readonly (readonly [path: string, kind: keyof typeof rowKinds])[] = [
  ['/api/tenants/:slug/members', 'member'],
  ['/api/tenants/:slug/domains', 'domain'],
  ['/api/tenants/:slug/drift', 'drift'],
  ['/api/operator/drift', 'anyDrift'],
  ['/api/tenants/:slug/exports', 'export'],
  ['/api/tenants/:slug/receipts', 'receipt'],
  ['/api/tenants/:slug/invitations', 'invitation'],
  ['/api/tenants/:slug/runs', 'run'],
  ['/api/tenants/:slug/identities', 'machine'],
  ['/api/tenants/:slug/api-tokens', 'apiToken'],
  ['/api/tenants/:slug/service-accounts', 'service'],
  ['/api/claims', 'claim'],
  ['/api/tenants/:slug/vaults/:vaultId/bindings', 'binding'],
  ['/api/tenants/:slug/vaults', 'vault'],
  ['/api/tenants/:slug/connections', 'connection'],
  ['/api/vaults', 'secret'],
  ['/api/tenants/:slug/leases', 'lease'],
  ['/api/leases', 'lease'],
  ['/api/users/me/sessions', 'session'],
  ['/api/users/me/passkeys', 'passkey'],
  ['/api/users/me/second-factor', 'passkey'],
  ['/api/users/me/identities', 'identity'],
  ['/api/users/:id/sessions', 'session'],
  ['/api/users/:id/identities', 'identity'],
  ['/api/identities', 'unclaimed'],
]

/** Parameters that name a tenant or a person, and no row of theirs. */
const withoutOwner = (path: string) => path.replace(/^\/api\/(tenants\/:slug|users\/:id)/, '')

/** The kind of row that a path names below its tenant or person; undefined where it names none. */
export function rowKindOf(path: string): RowKind | undefined {
  if (!withoutOwner(path).includes('/:') || path.startsWith('/api/slugs/')) return undefined
  const kind = named.find(([beginning]) => path.startsWith(`${beginning}/`))?.[1]
  // A tenant's own subscription is the tenant's.
  if (path === '/api/subscriptions/:slug') return undefined
  if (!kind) throw new Error(`${path} names something that tests/api/matrix/rows.ts knows no row of`)
  return rowKinds[kind]
}

/** The kind of row of one tenant or person that a path lists; undefined where it lists none of these. */
export function listedKindOf(path: string): RowKind | undefined {
  // Whose a list below another row is, that row decides.
  if (withoutOwner(path).includes('/:')) return undefined
  const kind: RowKind | undefined =
    rowKinds[named.find(([beginning]) => path === beginning)?.[1] ?? 'anyDrift']
  return kind.everybodys ? undefined : kind
}
