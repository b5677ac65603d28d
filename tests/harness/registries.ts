import { randomBytes } from 'node:crypto'
import { afterEach } from 'vitest'
import type { TenantRole, TenantStatus } from '#shared/contracts/tenants'
import { newId } from '#server/lib/ids'
import type { DatabaseClient } from '#server/storage/database'
import type { Page, PageRequest } from '#server/storage/page'
import type { DatabaseUnderTest } from './databases'
import { TestClock } from './portal'

type NewLease = Parameters<DatabaseClient['secretLease']['create']>[0]['data']

/** Rows for suites of the identity registries' stores, gone after each test. The clock stands until it is moved. */
export function createRegistries(given: DatabaseUnderTest) {
  const clock = new TestClock()
  const db = () => given.database.client
  let count = 0
  const fresh = (word: string) => `${word}-${(count += 1)}`

  afterEach(async () => {
    await db().secretLease.deleteMany()
    await db().tenant.deleteMany()
    await db().identity.deleteMany()
    await db().user.deleteMany()
  })

  async function tenant(status: TenantStatus = 'active'): Promise<{ id: string; slug: string }> {
    const [now, slug] = [clock.now(), fresh('tenant')]
    const data = { id: newId(), slug, name: slug, nameKey: slug, status, createdAt: now, updatedAt: now }
    return db().tenant.create({ data, select: { id: true, slug: true } })
  }

  async function join(tenantId: string, userId: string, role: TenantRole = 'member'): Promise<void> {
    const at = { createdAt: clock.now(), updatedAt: clock.now() }
    await db().membership.create({ data: { id: newId(), tenantId, userId, role, ...at } })
  }

  /** @returns the user's id */
  async function person(tenantId?: string, role?: TenantRole): Promise<string> {
    const [id, name] = [newId(), fresh('person')]
    const at = { createdAt: clock.now(), updatedAt: clock.now() }
    await db().user.create({ data: { id, email: `${name}@example.org`, name, nameKey: name, ...at } })
    if (tenantId !== undefined) await join(tenantId, id, role)
    return id
  }

  async function vault(tenantId: string, handle = fresh('vault')): Promise<string> {
    const data = { id: newId(), tenantId, handle, createdAt: clock.now() }
    return (await db().vault.create({ data })).id
  }

  async function service(tenantId: string, name = fresh('service')): Promise<string> {
    const data = { id: newId(), tenantId, name, createdAt: clock.now() }
    return (await db().serviceAccount.create({ data })).id
  }

  /** Of a member; of a new service where nobody is named. */
  async function principal(tenantId: string, userId?: string, role: TenantRole = 'member'): Promise<string> {
    const owner = userId === undefined ? { serviceAccountId: await service(tenantId) } : { userId }
    const data = { id: newId(), tenantId, role, createdAt: clock.now(), ...owner }
    return (await db().principal.create({ data })).id
  }

  async function bind(principalId: string, vaultId: string, isDefault = false): Promise<void> {
    const defaultOf = isDefault ? principalId : null
    await db().principalVaultBinding.create({
      data: { principalId, vaultId, defaultOf, createdAt: clock.now() },
    })
  }

  /** A machine that asks to be claimed. */
  async function applicant() {
    const [id, now, handle] = [newId(), clock.now(), fresh('machine')]
    const did = `did:key:z${randomBytes(16).toString('hex')}`
    await db().identity.create({ data: { id, handle, did, keyChangedAt: now, createdAt: now } })
    await db().identityClaim.create({ data: { id: newId(), identityId: id, createdAt: now } })
    return { id, handle, did }
  }

  /** A machine that acts for a principal. */
  async function machine(tenantId: string, principalId: string) {
    const made = await applicant()
    const { id } = made
    await db().identity.update({ where: { id }, data: { status: 'claimed', tenantId } })
    const decided = { principalId, role: 'member', status: 'accepted', decidedAt: clock.now() } as const
    await db().identityClaim.updateMany({ where: { identityId: id }, data: decided })
    return made
  }

  /** @returns the token's id */
  async function token(tenantId: string, principalId: string, seconds = 3600): Promise<string> {
    const [id, name, now] = [newId(), fresh('token'), clock.now()]
    const expiresAt = new Date(now.getTime() + seconds * 1000)
    const secret = { tokenHash: randomBytes(32).toString('hex'), ending: 'abcd' }
    const of = { tenantId, principalId, name }
    await db().apiToken.create({ data: { id, ...of, ...secret, createdAt: now, expiresAt } })
    return id
  }

  /** A lease of an hour. @returns its id */
  async function lease(tenantId: string, of: { vaultId: string; principalId: string } & Partial<NewLease>) {
    const [id, now] = [newId(), clock.now()]
    const expiresAt = new Date(now.getTime() + 3_600_000)
    const lent = { askedBy: newId(), kind: 'secret', service: 'mail', name: 'password' } as const
    const times = { createdAt: now, expiresAt, endsLatest: expiresAt }
    await db().secretLease.create({ data: { id, tenantId, ...lent, purpose: 'a test', ...times, ...of } })
    return id
  }

  return {
    clock,
    fresh,
    lease,
    tenant,
    person,
    join,
    vault,
    service,
    principal,
    bind,
    applicant,
    machine,
    token,
  }
}

/** Every row of a list, page by page; each page but the last is full. */
export async function pageThrough<Row>(
  list: (request: PageRequest) => Promise<Page<Row>>,
  limit = 2,
): Promise<Row[]> {
  const rows: Row[] = []
  for (let cursor: string | undefined; ;) {
    const { items, nextCursor } = await list({ limit, cursor })
    rows.push(...items)
    if (nextCursor === null) return rows
    if (items.length !== limit) throw new Error(`A page that others follow has ${items.length} rows`)
    cursor = nextCursor
  }
}

/** What each of several who work at once came to: its result, or the error. */
export async function atOnce<Result>(...work: (() => Promise<Result>)[]): Promise<unknown[]> {
  const outcomes = await Promise.allSettled(work.map((one) => one()))
  return outcomes.map((outcome): unknown => (outcome.status === 'fulfilled' ? outcome.value : outcome.reason))
}
