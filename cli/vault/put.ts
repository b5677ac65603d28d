import { defineCommand } from '../command'
import { answered } from '../failure'
import { aboutCalls, connect } from '../identity/credential'
import { readSecret, secretArgs } from '../secret-input'
import { findVault, secretArg, secretPath, vaultArgs } from './place'

export const command = defineCommand({
  args: {
    secret: secretArg,
    ...secretArgs,
    note: { type: 'string', description: 'What this version is about.', valueHint: 'TEXT' },
    ...vaultArgs,
  },
  about: `The value comes from stdin, a file or a prompt, never from the command line, where others could read it.\n\n${aboutCalls}`,
  examples: [
    'tenantry vault put smtp/password',
    'tenantry vault put tls/key --file key.pem',
    'pwgen 32 1 | tenantry vault put smtp/password --trim',
  ],
  async run(world, { secret, profile, vault, note, file, trim }) {
    const place = secretPath(secret)
    const client = await connect(world, profile)
    const value = await readSecret(world, { file, trim, prompt: `Value of ${secret}: ` })
    const path = { id: await findVault(client, vault), ...place }
    const body = { value, ...(note && { note }) }
    await answered(client.PUT('/api/vaults/{id}/entries/{service}/{name}', { params: { path }, body }))
    return { data: place, text: `${secret} is written.` }
  },
})
