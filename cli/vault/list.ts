import { defineCommand } from '../command'
import { answered } from '../failure'
import { aboutCalls, connect } from '../identity/credential'
import { table } from '../table'
import { findVault, vaultArgs } from './place'

export const command = defineCommand({
  args: {
    ...vaultArgs,
    prefix: { type: 'string', description: 'The start of SERVICE/NAME.', valueHint: 'TEXT' },
  },
  about: aboutCalls,
  examples: ['tenantry vault list', 'tenantry vault list --prefix smtp/ --json'],
  async run(world, { profile, vault, prefix }) {
    const client = await connect(world, profile)
    const id = await findVault(client, vault)
    const items = []
    let cursor: string | undefined
    do {
      const query = { limit: 200, ...(prefix && { prefix }), ...(cursor && { cursor }) }
      const page = await answered(client.GET('/api/vaults/{id}/entries', { params: { path: { id }, query } }))
      items.push(...page.items)
      cursor = page.nextCursor ?? undefined
    } while (cursor)
    const rows = items.map(({ service, name, version, updatedAt }) => [
      `${service}/${name}`,
      `v${version}`,
      updatedAt,
    ])
    return { data: { items }, text: table(['SECRET', 'VERSION', 'CHANGED'], rows) }
  },
})
