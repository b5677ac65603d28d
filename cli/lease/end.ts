import { defineCommand } from '../command'
import { answered } from '../failure'
import { aboutCalls, callArgs, connect } from '../identity/credential'
import { leaseArg } from './lease'

export const command = defineCommand({
  args: { id: leaseArg, ...callArgs },
  about: aboutCalls,
  examples: ['tenantry lease end "$LEASE"'],
  async run(world, { id, profile }) {
    const client = await connect(world, profile)
    await answered(client.DELETE('/api/leases/{id}', { params: { path: { id } } }))
    return { data: { id, ended: true }, text: `${id} has ended.` }
  },
})
