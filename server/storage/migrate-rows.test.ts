import { afterEach, describe, expect, it } from 'vitest'
import { auditKey } from '~~/tests/harness/audit'
import { addLinks } from '~~/tests/harness/audit-links'
import { makeDatabase } from '~~/tests/harness/databases'
import { pastId, pastRows, type PastRow } from '~~/tests/harness/past-rows'
import { sealBeginning } from '#server/domain/audit/chain/beginning.store'
import { allLeasesStore } from '#server/domain/vaults/all-leases.store'
import { verifyAudit } from '#server/domain/audit/verify/verify'
import { createLog } from '#server/lib/log'
import { type Database, openDatabase } from './database'
import { migrate } from './migrate'
import { loadMigrations } from './migrations'

type Values = Record<string, unknown>

const log = createLog('silent')
const undo: (() => Promise<void> | void)[] = []
afterEach(async () => {
  for (const step of undo.splice(0).reverse()) await step()
})
const nameOf = (migration: { name: string }) => migration.name.replace(/^\d+_/, '')

describe.each(['sqlite', 'postgresql'] as const)('a database with rows on %s', async (provider) => {
  const migrations = await loadMigrations(provider)
  const names = migrations.map(nameOf)
  const placeOf = (name: string) => {
    const place = names.indexOf(name)
    if (place < 0) throw new Error(`There is no migration ${name}`)
    return place
  }

  /** An empty database, brought to a migration. */
  async function begin(until: string) {
    const made = await makeDatabase(provider, 'empty')
    undo.push(() => made.remove())
    const database = await openDatabase({ url: made.url, poolMax: 2, log })
    undo.push(() => database.close())
    const bring = (count: number) =>
      migrate(database, { url: made.url, migrations: migrations.slice(0, count), log })
    await bring(placeOf(until) + 1)
    return { database, finish: () => bring(migrations.length) }
  }

  /** Writes a row as builds did: JSON as text. */
  async function insert({ client }: Database, table: string, values: Values): Promise<void> {
    const columns = Object.keys(values).map((name) => `"${name}"`)
    const places = columns.map((_, index) => `$${index + 1}`)
    const written = Object.values(values).map((value) =>
      value && typeof value === 'object' && !(value instanceof Date) ? JSON.stringify(value) : value,
    )
    const sql = `INSERT INTO "${table}" (${columns.join(', ')}) VALUES (${places.join(', ')})`
    await client.$executeRawUnsafe(sql, ...written)
  }

  /** Writes what could stand there at a migration, of some tables or all. */
  async function insertAll(database: Database, name: string, wanted?: string[]): Promise<void> {
    for (const row of pastRows)
      if (placeOf(row.since) <= placeOf(name) && (wanted?.includes(row.table) ?? true))
        await insert(database, row.table, atTime(row, placeOf(name)).written)
  }

  /** All rows of a table, as this build reads them. */
  function readAll({ client }: Database, table: string): Promise<Values[]> {
    const models = client as unknown as Record<string, { findMany(): Promise<Values[]> }>
    const model = models[table.charAt(0).toLowerCase() + table.slice(1)]
    if (!model) throw new Error(`There is no model ${table}`)
    return model.findMany()
  }

  /** What was written at a migration, and what is to be read once all have been applied. */
  function atTime({ values, later = [] }: PastRow, place: number): { written: Values; expected: Values } {
    const [written, expected] = [{ ...values }, { ...values }]
    for (const column of later) {
      const isThere = placeOf(column.since) <= place
      Object.assign(expected, isThere ? column.written : column.otherwise)
      if (isThere) Object.assign(written, column.written)
    }
    return { written, expected }
  }

  /** What migrations themselves add. */
  const added: Record<string, (place: number) => Values[]> = {
    Vault: (place) =>
      place < placeOf('machines_and_vaults')
        ? pastRows
            .filter(({ table }) => table === 'Tenant')
            .map(({ values: { id, createdAt } }) => ({ id, tenantId: id, handle: 'default', createdAt }))
        : [],
    // Whoever was a member of a tenant that worked already is not welcomed.
    OnboardingMail: (place) =>
      place < placeOf('add_onboarding_mails')
        ? pastRows
            .filter(({ table, values }) => table === 'Membership' && values.tenantId === pastId(11))
            .map(({ values: { id, tenantId, userId, createdAt: moment } }) => ({
              ...{ id, tenantId, userId, claimedAt: moment, sentAt: moment, refusal: null },
            }))
        : [],
    AuditChain: () => Array.from({ length: 129 }, (_, id) => ({ id, sequence: 0, hash: '', mac: '' })),
  }

  const tables = new Set([...pastRows.map(({ table }) => table), ...Object.keys(added)])
  const sorted = (rows: Values[]) => {
    const keyed = rows.map((row) => [JSON.stringify(Object.values(row).map(String).sort()), row] as const)
    return keyed.sort(([one], [other]) => (one < other ? -1 : 1)).map(([, row]) => row)
  }

  it.each(names)('keeps every row from %s on', async (name) => {
    const place = placeOf(name)
    const { database, finish } = await begin(name)
    const there = pastRows.filter(({ since }) => placeOf(since) <= place)
    const expected = new Map<string, Values[]>()
    for (const row of there) {
      const { written, expected: wanted } = atTime(row, place)
      await insert(database, row.table, written)
      expected.set(row.table, [...(expected.get(row.table) ?? []), wanted])
    }
    expect(await finish()).toHaveLength(migrations.length - place - 1)
    for (const table of tables) {
      const wanted = [...(expected.get(table) ?? []), ...(added[table]?.(place) ?? [])]
      expect([table, sorted(await readAll(database, table))]).toEqual([table, sorted(wanted)])
    }
  })

  it('is tried with a row of every table that there is', async () => {
    const { database } = await begin(names.at(-1) ?? '')
    const rows = await (provider === 'sqlite'
      ? database.client.$queryRaw<{ name: string }[]>`
          SELECT name FROM sqlite_schema WHERE type = 'table' AND name NOT LIKE 'sqlite_%'`
      : database.client.$queryRaw<{ name: string }[]>`
          SELECT table_name AS name FROM information_schema.tables WHERE table_schema = 'public'`)
    const there = rows.map((row) => row.name).filter((name) => name !== '_prisma_migrations')
    expect([...tables].sort()).toEqual(there.sort())
  })

  it('loses the one step that became two', async () => {
    const { database, finish } = await begin('invitation_sent_later')
    await insertAll(database, 'invitation_sent_later', ['Tenant', 'ProvisioningStep'])
    const [step] = pastRows.filter(({ table }) => table === 'ProvisioningStep')
    const domain = { ...step?.values, id: pastId(91), service: 'stalwart', step: 'domain' }
    await insert(database, 'ProvisioningStep', domain)
    await insert(database, 'ProvisioningStep', { ...domain, id: pastId(92), step: 'accounts' })
    await finish()
    const steps = await database.client.provisioningStep.findMany({ orderBy: { id: 'asc' } })
    expect(steps.map(({ service, step: name }) => `${service} ${name}`)).toEqual([
      'authentik group',
      'ocis space',
      'stalwart accounts',
    ])
  })

  it('has no names and addresses of people in the audit any more, and everything else', async () => {
    const { database, finish } = await begin('sign_in_and_invitations')
    const said = { email: 'ada@example.org', name: 'Ada', role: 'owner' }
    for (const [index, subjectKind] of ['user', 'portal', 'tenant'].entries())
      await insert(database, 'AuditEntry', {
        ...{ id: pastId(94 + index), at: new Date(), actorKind: 'system', actorId: null, action: 'x.y' },
        ...{ subjectKind, subjectId: 'one', tenantId: null, before: said, after: null, requestId: 'r' },
      })
    await finish()
    const entries = await database.client.auditEntry.findMany({ orderBy: { id: 'asc' } })
    expect(entries.map(({ before, after }) => [before, after])).toEqual([
      [{ role: 'owner' }, null],
      [{ role: 'owner' }, null],
      [said, null],
    ])
  })

  // The first, and the last before there were chains.
  it.each(['init', 'machines_of_tenants'])(
    'from %s on has its audit chained, so that it shows what is changed of it',
    async (name) => {
      const { database, finish } = await begin(name)
      await insertAll(database, name, ['AuditEntry'])
      await finish()
      for (const _ of ['the first start', 'the next'])
        expect(await sealBeginning(database, auditKey)).toBe('done')
      const verify = () => verifyAudit(database, { auditKey })
      expect(await verify()).toMatchObject({ entries: 3, found: 0, next: null })
      await addLinks(database, 2)
      expect(await verify()).toMatchObject({ entries: 5, found: 0 })
      await database.client.auditEntry.update({ where: { id: pastId(82) }, data: { actorId: 'eve' } })
      expect((await verify()).findings).toEqual([{ kind: 'changed', chain: 0, sequence: 2, id: pastId(82) }])
      await database.client.auditEntry.deleteMany({ where: { id: { in: [pastId(82), pastId(83)] } } })
      expect((await verify()).findings).toEqual([{ kind: 'removed', chain: 0, sequence: 2, until: 3 }])
    },
  )

  it('knows whose addresses are known to be theirs', async () => {
    const { database, finish } = await begin('audit_chains')
    const mail = (name: string) => `${name}@example.org`
    const people: Record<string, { identities: [email: string | null, verified: boolean][]; is: boolean }> = {
      nobodys: { identities: [], is: true },
      verified: { identities: [[mail('verified'), true]], is: true },
      unverified: { identities: [[mail('unverified'), false]], is: false },
      another: { identities: [[mail('somebody-else'), true]], is: false },
      untold: { identities: [[null, true]], is: false },
      split: {
        identities: [
          [mail('split'), false],
          [mail('somebody-else'), true],
        ],
        is: false,
      },
      second: {
        identities: [
          [mail('second'), false],
          [mail('second'), true],
        ],
        is: true,
      },
    }
    const moment = new Date()
    const at = { createdAt: moment, updatedAt: moment }
    let count = 100
    const person = async (name: string, email: string | null) => {
      const id = pastId((count += 1))
      await insert(database, 'User', { id, email, name, nameKey: name, ...at })
      return id
    }
    for (const [name, { identities }] of Object.entries(people)) {
      const userId = await person(name, mail(name))
      for (const [email, emailVerified] of identities)
        await insert(database, 'ExternalIdentity', {
          ...{ id: pastId((count += 1)), userId, issuer: 'https://id.example.org', subject: `${count}` },
          ...{ email, emailVerified, createdAt: moment, lastUsedAt: moment },
        })
    }
    await person('addressless', null)
    await finish()
    const found = await database.client.user.findMany({ select: { name: true, emailVerified: true } })
    expect(Object.fromEntries(found.map(({ name, emailVerified }) => [name, emailVerified]))).toEqual({
      ...Object.fromEntries(Object.entries(people).map(([name, { is }]) => [name, is])),
      addressless: false,
    })
  })

  it('keeps leases of before whatever becomes of their tenant, and connections as long as that', async () => {
    const { database, finish } = await begin('run_askers_and_sweep_progress')
    await insertAll(database, 'run_askers_and_sweep_progress')
    await finish()
    const { client } = database
    await client.tenant.deleteMany()
    const [lease, ...more] = await client.secretLease.findMany()
    expect([lease, more]).toMatchObject([{ askedByName: '', externalId: 'account', settledAt: null }, []])
    expect(await allLeasesStore(client).listDue(new Date('2026-01-03'), 10)).toEqual([lease])
    expect([await client.tenantConnection.count(), await client.vault.count()]).toEqual([0, 0])
  })
})
