import { defineCommand, type Outcome } from '../command'
import type { Tenantry } from '../client/client'
import { exitCodes } from '../exit-codes'
import { answered, Failure } from '../failure'
import { aboutCalls, callArgs, connect } from './credential'

export const command = defineCommand({
  args: callArgs,
  about: aboutCalls,
  examples: ['tenantry whoami', 'tenantry whoami --json | jq -r .tenant.slug'],
  run: async (world, { profile }) => tellWho(await connect(world, profile)),
})

/** What the portal says of a machine or a token. @throws Failure where the caller is neither */
export async function standingOf(client: Tenantry) {
  const me = await answered(client.GET('/api/me'))
  if (!('principal' in me))
    throw new Failure(
      exitCodes.refused,
      'cli.no_machine',
      'This is the token of a person, not of a machine or a script.',
    )
  return me
}

/** Who calls, as a command's outcome. */
export async function tellWho(client: Tenantry): Promise<Outcome> {
  const me = await standingOf(client)
  const { identity, token, principal, tenant, scopes, vaults } = me
  const lines = [
    identity ? `machine  ${identity.handle}` : `token    ${token?.name}`,
    ...(identity ? [`key      ${identity.did}`] : []),
    `for      ${principal.owner.kind} ${principal.owner.name}, as ${principal.role}`,
    `tenant   ${tenant.slug} (${tenant.name})`,
    `scopes   ${scopes ? scopes.join(', ') : 'all that the role allows'}`,
    `vaults   ${vaults.map(({ handle, isDefault }) => (isDefault ? `${handle} (default)` : handle)).join(', ') || 'none'}`,
  ]
  return { data: me, text: lines.join('\n') }
}
