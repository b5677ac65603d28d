import { describe, expect, inject, test } from 'vitest'
import { missingMigration } from './migrations.mjs'
import { composeSchema, providers, readMigrations } from './schema.mjs'

const { postgresqlUrl } = inject('databaseTemplates')

describe.each(providers)('the migrations of %s', (provider) => {
  test('make exactly what the models say', async () => {
    expect(await missingMigration(provider, postgresqlUrl)).toBe('')
  })

  test('are told from models that say more, or less', async () => {
    const schema = composeSchema(provider)
    const more = [...schema, { name: 'more.prisma', text: 'model Extra {\n  id String @id\n}\n' }]
    expect(await missingMigration(provider, postgresqlUrl, more)).toContain('CREATE TABLE "Extra"')
    const less = schema.filter(({ name }) => name !== 'cache.prisma')
    expect(await missingMigration(provider, postgresqlUrl, less)).toContain('DROP TABLE "CacheEntry"')
  })
})

test('both databases have the same migrations', () => {
  const names = providers.map((provider) => readMigrations(provider).map(({ name }) => name))
  expect(names[0]).not.toEqual([])
  for (const name of names.flat()) expect(name).toMatch(/^\d{14}_[a-z0-9_]+$/)
  // One alone may need a change: what is an enum for PostgreSQL is a text for SQLite.
  expect(names[1]).toEqual(expect.arrayContaining(names[0] ?? []))
})
