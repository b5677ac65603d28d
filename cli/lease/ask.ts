import { defineCommand } from '../command'
import { answered, misuse } from '../failure'
import { aboutCalls, connect } from '../identity/credential'
import { findVault, secretPath, vaultArgs } from '../vault/place'
import { tell } from '../world'
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
  about:
    'Of a secret it prints the id of the lease, by which `tenantry lease get` reads it. Of a service it prints the token that\n' +
    'was made there, which is given once, and on stderr the username that goes with it, and the id by which it is given\n' +
    `back.\n\n${aboutCalls}`,
  examples: [
    'tenantry lease ask smtp/password --purpose "nightly report" --ttl 900',
    'TOKEN=$(tenantry lease ask authentik --purpose "export of groups")',
    `tenantry lease ask ocis --purpose "nightly copy" --json | jq -r '"\\(.account):\\(.token)"'`,
  ],
  async run(world, { what, purpose, ttl, profile, vault, json }) {
    const asked = { ...whatIsAsked(what), ttlSeconds: seconds(ttl), purpose }
    const client = await connect(world, profile)
    const path = { id: await findVault(client, vault) }
    const lease = await answered(client.POST('/api/vaults/{id}/leases', { params: { path }, body: asked }))
    const { id, token, account, expiresAt } = lease
    if (token === undefined) return { data: lease, text: id }
    if (!json)
      tell(world, `It is of ${account}, and ends at ${expiresAt}. To give it back: tenantry lease end ${id}`)
    return { data: lease, text: token, exact: true }
  },
})

function whatIsAsked(what: string) {
  if (what === 'authentik' || what === 'ocis') return { kind: 'minted', service: what } as const
  if (!what.includes('/'))
    throw misuse(`Lent are secrets, SERVICE/NAME, and tokens of authentik and ocis: not ${what}.`)
  return { kind: 'secret', ...secretPath(what) } as const
}
