import { openDatabase } from '#server/storage/database'
import { migrate } from '#server/storage/migrate'
import { loadMigrations } from '#server/storage/migrations'
import { defineCommand } from '../command'
import { aboutOperators, configOf, inWords, quietLog } from './container'

export const command = defineCommand({
  args: {},
  about: `The server does the same when it starts. Safe to repeat, and beside others that do it.\n\n${aboutOperators}`,
  examples: ['tenantry migrate', 'docker exec tenantry tenantry migrate --json'],
  async run(world) {
    const { database: options } = configOf(world)
    const applied = await inWords(async () => {
      const log = quietLog(world)
      const database = await openDatabase({ ...options, log })
      try {
        const migrations = await loadMigrations(database.provider)
        return await migrate(database, { url: options.url, migrations, log })
      } finally {
        await database.close()
      }
    })
    const text =
      applied.length > 0
        ? `Applied:\n${applied.map((name) => `  ${name}`).join('\n')}`
        : 'Nothing was pending.'
    return { data: { applied }, text }
  },
})
