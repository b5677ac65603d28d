import { defineCommand } from '../command'
import { answered } from '../failure'
import { aboutCalls, callArgs, connect } from '../identity/credential'
import { leaseArg, seconds, ttlArg } from './lease'

export const command = defineCommand({
  args: { id: leaseArg, ttl: ttlArg, ...callArgs },
  about: `From now on, and seven days from its beginning at most.\n\n${aboutCalls}`,
  examples: ['tenantry lease renew "$LEASE" --ttl 900'],
  async run(world, { id, ttl, profile }) {
    const body = { ttlSeconds: seconds(ttl) }
    const client = await connect(world, profile)
    const lease = await answered(client.POST('/api/leases/{id}/renew', { params: { path: { id } }, body }))
    return { data: lease, text: `It ends at ${lease.expiresAt}.` }
  },
})
