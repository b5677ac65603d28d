import { defineCommand } from '../command'
import { answered } from '../failure'
import { aboutCalls, connect } from '../identity/credential'
import { table } from '../table'
import { findVault, secretArg, secretPath, vaultArgs } from './place'

export const command = defineCommand({
  args: { secret: secretArg, ...vaultArgs },
  about: aboutCalls,
  examples: ['tenantry vault versions smtp/password'],
  async run(world, { secret, profile, vault }) {
    const place = secretPath(secret)
    const client = await connect(world, profile)
    const path = { id: await findVault(client, vault), ...place }
    const versions = client.GET('/api/vaults/{id}/entries/{service}/{name}/versions', { params: { path } })
    const { items } = await answered(versions)
    const rows = items.map(({ version, isCurrent, updatedAt, note }) => [
      ...[`v${version}`, isCurrent ? 'yes' : '', updatedAt, note ?? ''],
    ])
    return { data: { items }, text: table(['VERSION', 'CURRENT', 'WRITTEN', 'NOTE'], rows) }
  },
})
