import { defineCommand } from '../command'
import { answered } from '../failure'
import { aboutCalls, connect } from '../identity/credential'
import { table } from '../table'
import { findVault, vaultArgs } from '../vault/place'

export const command = defineCommand({
  args: {
    status: { type: 'enum', options: ['active', 'expired', 'revoked'], description: 'Only those.' },
    ...vaultArgs,
  },
  about: aboutCalls,
  examples: ['tenantry lease list --status active'],
  async run(world, { status, profile, vault }) {
    const client = await connect(world, profile)
    const path = { id: await findVault(client, vault) }
    const items = []
    let cursor: string | undefined
    do {
      const query = { limit: 200, ...(isStatus(status) && { status }), ...(cursor && { cursor }) }
      const page = await answered(client.GET('/api/vaults/{id}/leases', { params: { path, query } }))
      items.push(...page.items)
      cursor = page.nextCursor ?? undefined
    } while (cursor)
    const rows = items.map(({ id, kind, service, name, status: is, expiresAt, purpose }) => [
      ...[id, kind === 'minted' ? service : `${service}/${name}`, is, expiresAt, purpose],
    ])
    return { data: { items }, text: table(['LEASE', 'OF', 'STATUS', 'ENDS', 'PURPOSE'], rows) }
  },
})

const isStatus = (text: string | undefined) => text === 'active' || text === 'expired' || text === 'revoked'
