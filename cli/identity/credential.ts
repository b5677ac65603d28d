import { readFile } from 'node:fs/promises'
import { exitCodes } from '../exit-codes'
import { Failure, misuse } from '../failure'
import type { MachineKey, Tenantry } from '../client/client'
import type { World } from '../world'
import { profilePath, readProfile, type Profile } from './profile'

/** Arguments of every command that calls the portal. */
export const callArgs = {
  profile: {
    type: 'string',
    description: 'Which of several identities on this machine (TENANTRY_PROFILE).',
    valueHint: 'NAME',
  },
} as const

/** What variables a call takes, for help. */
export const aboutCalls =
  'Calls with the identity that `tenantry identity init` made; or with the key in TENANTRY_IDENTITY_KEY (PKCS#8 in PEM),\n' +
  'TENANTRY_SERVER and TENANTRY_HANDLE; or with the API token in TENANTRY_API_TOKEN, and TENANTRY_SERVER. Each variable\n' +
  'that holds a secret can be given as a file: TENANTRY_API_TOKEN_FILE.'

/** An identity that signs. */
export interface OwnIdentity extends Profile {
  path: string
  key: MachineKey
  /** Whether the key is in the file, and not in the environment. */
  keyIsStored: boolean
}

/** The name of the profile that is meant. */
export const profileName = ({ env }: World, given: string | undefined) =>
  given ?? env.TENANTRY_PROFILE ?? 'default'

/** A secret variable, or the file that NAME_FILE names. @throws Failure where that can't be read */
export async function secretVariable({ env }: World, name: string): Promise<string | undefined> {
  const file = env[`${name}_FILE`]
  if (env[name] || !file) return env[name] || undefined
  return (
    await readFile(file, 'utf8').catch((cause: unknown) => {
      throw new Failure(
        exitCodes.failed,
        'cli.unreadable',
        `${name}_FILE can't be read: ${(cause as NodeJS.ErrnoException).code}.`,
      )
    })
  ).trim()
}

/** An origin, out of what somebody gave. @throws Failure where it is none */
export function originOf(given: string, name: string): string {
  const url = URL.canParse(given) ? new URL(given) : null
  if (!url || !/^https?:$/.test(url.protocol) || url.pathname !== '/' || url.search || url.username)
    throw misuse(`${name} takes an origin such as https://portal.example.org.`)
  const isOwn = /^(localhost|127\.\d+\.\d+\.\d+|\[::1\])$/.test(url.hostname) || !url.hostname.includes('.')
  if (url.protocol === 'http:' && !isOwn)
    throw misuse(`${name} is not https: whoever is on the way could read every secret.`)
  return url.origin
}

/** The key of the environment. @throws Failure where it is none */
export async function environmentKey(world: World): Promise<MachineKey | undefined> {
  const pem = await secretVariable(world, 'TENANTRY_IDENTITY_KEY')
  if (pem === undefined) return undefined
  const { readMachineKey } = await import('../client/client')
  return readMachineKey(pem).catch((error: Error) => {
    throw new Failure(exitCodes.usage, 'cli.key_invalid', `TENANTRY_IDENTITY_KEY: ${error.message}`)
  })
}

/** The identity of this machine. @throws Failure where there is none */
export async function ownIdentity(world: World, profile: string | undefined): Promise<OwnIdentity> {
  const path = profilePath(world, profileName(world, profile))
  const stored = await readProfile(path)
  const given = await environmentKey(world)
  const { TENANTRY_SERVER, TENANTRY_HANDLE } = world.env
  const server = TENANTRY_SERVER ? originOf(TENANTRY_SERVER, 'TENANTRY_SERVER') : stored?.server
  const handle = TENANTRY_HANDLE ?? stored?.handle
  const pem = stored?.privateKey
  if (!server || !handle || !(given || pem)) throw signedOut()
  // A key is told to nobody, but its proofs are: to none but the portal that it was made for.
  if (!given && stored && server !== stored.server)
    throw misuse(`This identity is one of ${stored.server}, not of TENANTRY_SERVER.`)
  const { readMachineKey } = await import('../client/client')
  return {
    ...stored,
    path,
    server,
    handle,
    key: given ?? (await readMachineKey(pem ?? '')),
    keyIsStored: !given,
  }
}

const signedOut = () =>
  new Failure(
    exitCodes.refused,
    'cli.signed_out',
    'This machine has no identity yet. See: tenantry identity init --help',
  )

/** A client that calls as this machine, or by the API token of the environment. @throws Failure where there is neither */
export async function connect(world: World, profile: string | undefined): Promise<Tenantry> {
  const token = await secretVariable(world, 'TENANTRY_API_TOKEN')
  const { createTenantry } = await import('../client/client')
  const { fetch } = world
  const means = fetch && { fetch }
  if (token === undefined || profile !== undefined) {
    const { server, audience, handle, key } = await ownIdentity(world, profile)
    return createTenantry({ server, credential: { handle, key }, ...(audience && { audience }), ...means })
  }
  const server = world.env.TENANTRY_SERVER
  if (!server) throw misuse('With TENANTRY_API_TOKEN goes TENANTRY_SERVER, the portal that it is for.')
  return createTenantry({ server: originOf(server, 'TENANTRY_SERVER'), credential: { token }, ...means })
}
