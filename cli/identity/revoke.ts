import { rm } from 'node:fs/promises'
import { createTenantry } from '../client/client'
import { defineCommand } from '../command'
import { answered, Failure, misuse } from '../failure'
import { callArgs, ownIdentity } from './credential'

export const command = defineCommand({
  args: { ...callArgs, yes: { type: 'boolean', description: 'It is meant.' } },
  about: 'Gives the identity up: its key is good for nothing from then on, and is removed from this machine.',
  examples: ['tenantry identity revoke --yes'],
  async run(world, { profile, yes }) {
    if (!yes) throw misuse('This can’t be undone. Say --yes.')
    const { server, audience, handle, key, keyIsStored, path } = await ownIdentity(world, profile)
    const { fetch } = world
    const client = createTenantry({
      ...{ server, credential: { handle, key } },
      ...(audience && { audience }),
      ...(fetch && { fetch }),
    })
    try {
      await answered(client.DELETE('/api/identities/{handle}', { params: { path: { handle } } }))
    } catch (error) {
      // Somebody was quicker, or the answer to an earlier call was lost.
      if (!(error instanceof Failure) || error.code !== 'identity.revoked') throw error
    }
    if (keyIsStored) await rm(path, { force: true })
    return { data: { handle, status: 'revoked' }, text: `${handle} is revoked.` }
  },
})
