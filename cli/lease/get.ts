import { defineCommand } from '../command'
import { answered } from '../failure'
import { aboutCalls, callArgs, connect } from '../identity/credential'
import { leaseArg } from './lease'

export const command = defineCommand({
  args: { id: leaseArg, ...callArgs },
  about: `Prints the value and nothing else: no newline follows where it is read by a program.\n\n${aboutCalls}`,
  examples: ['PASSWORD=$(tenantry lease get "$LEASE")'],
  async run(world, { id, profile }) {
    const client = await connect(world, profile)
    const lent = await answered(client.GET('/api/leases/{id}/value', { params: { path: { id } } }))
    return { data: lent, text: lent.value, exact: true }
  },
})
