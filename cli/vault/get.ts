import { defineCommand } from '../command'
import { answered } from '../failure'
import { aboutCalls, connect } from '../identity/credential'
import { findVault, secretArg, secretPath, vaultArgs } from './place'

export const command = defineCommand({
  args: { secret: secretArg, ...vaultArgs },
  about: `Prints the value and nothing else: no newline follows where it is read by a program.\n\n${aboutCalls}`,
  examples: ['tenantry vault get smtp/password', 'tenantry vault get tls/key > key.pem'],
  async run(world, { secret, profile, vault }) {
    const place = secretPath(secret)
    const client = await connect(world, profile)
    const path = { id: await findVault(client, vault), ...place }
    const entry = await answered(
      client.GET('/api/vaults/{id}/entries/{service}/{name}', { params: { path } }),
    )
    return { data: entry, text: entry.value, exact: true }
  },
})
