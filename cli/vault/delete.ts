import { defineCommand } from '../command'
import { answered, misuse } from '../failure'
import { aboutCalls, connect } from '../identity/credential'
import { findVault, secretArg, secretPath, vaultArgs } from './place'

export const command = defineCommand({
  args: { secret: secretArg, yes: { type: 'boolean', description: 'It is meant.' }, ...vaultArgs },
  about: `All of its versions go with it, for good.\n\n${aboutCalls}`,
  examples: ['tenantry vault delete smtp/password --yes'],
  async run(world, { secret, profile, vault, yes }) {
    const place = secretPath(secret)
    if (!yes) throw misuse('This can’t be undone. Say --yes.')
    const client = await connect(world, profile)
    const path = { id: await findVault(client, vault), ...place }
    await answered(client.DELETE('/api/vaults/{id}/entries/{service}/{name}', { params: { path } }))
    return { data: place, text: `${secret} is gone.` }
  },
})
