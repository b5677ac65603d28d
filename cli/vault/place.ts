import type { Tenantry } from '../client/client'
import { exitCodes } from '../exit-codes'
import { Failure, misuse } from '../failure'
import { callArgs } from '../identity/credential'
import { standingOf } from '../identity/whoami'

/** Arguments of every command on a vault. */
export const vaultArgs = {
  ...callArgs,
  vault: { type: 'string', description: "The vault's name; default: your own default.", valueHint: 'NAME' },
} as const

/** The argument that names a secret. */
export const secretArg = {
  type: 'positional',
  required: true,
  description: 'Which secret: SERVICE/NAME, such as smtp/password.',
} as const

/** Service and name of a secret. @throws Failure where it is none */
export function secretPath(text: string): { service: string; name: string } {
  const [service = '', name = '', ...more] = text.split('/')
  if (!service || !name || more.length > 0)
    throw misuse(`A secret is SERVICE/NAME, such as smtp/password, not ${text}.`)
  return { service, name }
}

/** The id of a vault that the caller reaches. @throws Failure where they reach none of that name */
export async function findVault(client: Tenantry, handle: string | undefined): Promise<string> {
  const { vaults } = await standingOf(client)
  const found = vaults.find((vault) => (handle === undefined ? vault.isDefault : vault.handle === handle))
  if (found) return found.id
  const what = handle === undefined ? 'no default vault' : `no vault ${handle}`
  const others = vaults.map((vault) => vault.handle).join(', ') || 'none'
  throw new Failure(exitCodes.notFound, 'vault.not_found', `It reaches ${what}. It reaches: ${others}.`)
}
