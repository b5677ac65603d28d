import { defineCommand } from '../command'
import { answered, misuse } from '../failure'
import { aboutCalls, connect } from '../identity/credential'
import { findVault, secretPath, vaultArgs } from '../vault/place'
import { seconds, ttlArg } from './lease'

export const command = defineCommand({
  args: {
    what: {
      type: 'positional',
      required: true,
      description: 'A secret, SERVICE/NAME; or authentik or ocis, for a token that is made there.',
    },
    purpose: {
      type: 'string',
      required: true,
      description: 'What for; it is written down.',
      valueHint: 'TEXT',
    },
    ttl: ttlArg,
    ...vaultArgs,
  },
  about: `Prints the id of the lease, by which \`tenantry lease get\` reads what was lent.\n\n${aboutCalls}`,
  examples: [
    'tenantry lease ask smtp/password --purpose "nightly report" --ttl 900',
    'tenantry lease ask authentik --purpose "export of groups" --json | jq -r .expiresAt',
  ],
  async run(world, { what, purpose, ttl, profile, vault }) {
    const asked = { ...whatIsAsked(what), ttlSeconds: seconds(ttl), purpose }
    const client = await connect(world, profile)
    const path = { id: await findVault(client, vault) }
    const lease = await answered(client.POST('/api/vaults/{id}/leases', { params: { path }, body: asked }))
    return { data: lease, text: lease.id }
  },
})

function whatIsAsked(what: string) {
  if (what === 'authentik' || what === 'ocis') return { kind: 'minted', service: what } as const
  if (!what.includes('/'))
    throw misuse(`Lent are secrets, SERVICE/NAME, and tokens of authentik and ocis: not ${what}.`)
  return { kind: 'secret', ...secretPath(what) } as const
}
