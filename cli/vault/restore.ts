import { defineCommand } from '../command'
import { answered, misuse } from '../failure'
import { aboutCalls, connect } from '../identity/credential'
import { findVault, secretArg, secretPath, vaultArgs } from './place'

export const command = defineCommand({
  args: {
    secret: secretArg,
    version: { type: 'positional', required: true, description: 'Which of `tenantry vault versions`.' },
    ...vaultArgs,
  },
  about: `Writes it again, as the newest version.\n\n${aboutCalls}`,
  examples: ['tenantry vault restore smtp/password 3'],
  async run(world, { secret, version, profile, vault }) {
    const place = secretPath(secret)
    const number = version.replace(/^v/, '')
    if (!/^[1-9]\d{0,8}$/.test(number)) throw misuse(`A version is a number, not ${version}.`)
    const client = await connect(world, profile)
    const path = { id: await findVault(client, vault), ...place, version: number }
    const call = client.POST('/api/vaults/{id}/entries/{service}/{name}/versions/{version}/restore', {
      params: { path },
    })
    await answered(call)
    return {
      data: { ...place, restored: Number(number) },
      text: `${secret} is as it was in version ${number}.`,
    }
  },
})
