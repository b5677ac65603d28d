import type { Tenantry } from '../client/client'
import { defineCommand } from '../command'
import { exitCodes } from '../exit-codes'
import { answered, Failure, misuse } from '../failure'
import { tell, type World } from '../world'
import { environmentKey, originOf, profileName } from './credential'
import { profilePath, readProfile, writeProfile, type Profile } from './profile'
import { tellWho } from './whoami'

const pollMilliseconds = 2_000

export const command = defineCommand({
  args: {
    server: { type: 'string', description: "The portal's address.", valueHint: 'URL' },
    handle: {
      type: 'string',
      description: 'A name for this machine, on the whole portal.',
      valueHint: 'NAME',
    },
    audience: {
      type: 'string',
      description: "The portal's public address, where --server is another.",
      valueHint: 'URL',
    },
    profile: {
      type: 'string',
      description: 'Where it is to be one of several identities.',
      valueHint: 'NAME',
    },
    wait: {
      type: 'boolean',
      default: true,
      description: 'Wait until somebody has accepted it.',
      negativeDescription: 'Print the address of the claim and end.',
    },
    open: {
      type: 'boolean',
      default: true,
      description: 'Show the address in a browser, where there is a desktop.',
      negativeDescription: 'Print it alone.',
    },
    timeout: { type: 'string', default: '900', description: 'Seconds to wait.', valueHint: 'SECONDS' },
  },
  about:
    'Shows an address at which an owner or admin of a tenant accepts this machine, and waits for that. The address lasts five\n' +
    'minutes; then another one is shown. Interrupted, it goes on with the same key when it is run again. The key is kept in\n' +
    'the configuration folder, for you alone; or it is that in TENANTRY_IDENTITY_KEY (PKCS#8 in PEM), and only the rest is kept.\n\n' +
    'A browser is opened by xdg-open, or what macOS and Windows have for that: not over ssh, and not without a display.',
  examples: [
    'tenantry identity init --server https://portal.example.org --handle backup-1',
    'tenantry identity init --server https://portal.example.org --handle backup-1 --no-wait --json | jq -r .claimUrl',
  ],
  async run(world, { server, handle, audience, profile, wait, open, timeout }) {
    if (!/^\d{1,6}$/.test(timeout)) throw misuse('--timeout takes whole seconds.')
    const path = profilePath(world, profileName(world, profile))
    const asked = { handle, ...origins({ server, audience }) }
    const { client, identity } = await takeIdentity(world, path, asked)
    const claim = await register(client, identity)
    const { status, claimUrl } = claim
    if (!wait) return { data: claim, text: claimUrl ?? `${identity.handle} is ${status}.` }
    const waiting = { seconds: Number(timeout), open }
    if (status === 'pending') await waitUntilClaimed(world, client, identity, claim, waiting)
    return tellWho(client)
  },
})

function origins({ server, audience }: { server: string | undefined; audience: string | undefined }) {
  return {
    server: server === undefined ? undefined : originOf(server, '--server'),
    audience: audience === undefined ? undefined : originOf(audience, '--audience'),
  }
}

interface Identity {
  handle: string
  did: string
}

/** The identity that is there, or a new one, written down before anybody is told of it. */
async function takeIdentity(
  world: World,
  path: string,
  asked: { server: string | undefined; audience: string | undefined; handle: string | undefined },
): Promise<{ client: Tenantry; identity: Identity }> {
  const { createMachineKey, createTenantry, readMachineKey, writeMachineKey } =
    await import('../client/client')
  const stored = await readProfile(path)
  const given = await environmentKey(world)
  for (const name of ['server', 'audience', 'handle'] as const)
    if (stored && asked[name] !== undefined && asked[name] !== (stored[name] ?? stored.server))
      throw misuse(
        `${path} has an identity with another ${name}: ${stored[name]}. Another one wants another --profile.`,
      )
  const { server = stored?.server, handle = stored?.handle, audience = stored?.audience } = asked
  if (!server || !handle) throw misuse('--server and --handle are needed. See: tenantry identity init --help')
  const kept = stored?.privateKey === undefined ? undefined : await readMachineKey(stored.privateKey)
  const key = given ?? kept ?? (await createMachineKey())
  if (!stored || (!given && !kept)) {
    const profile: Profile = {
      ...{ server, handle },
      ...(audience && audience !== server && { audience }),
      ...(!given && { privateKey: await writeMachineKey(key) }),
    }
    await writeProfile(path, profile, { isNew: !stored })
  }
  const means = { ...(audience && { audience }), ...(world.fetch && { fetch: world.fetch }) }
  const client = createTenantry({ server, credential: { handle, key }, ...means })
  return { client, identity: { handle, did: key.did } }
}

const register = (client: Tenantry, { handle, did }: Identity) =>
  answered(client.POST('/api/identities', { body: { handle, did } }))

type Claim = Awaited<ReturnType<typeof register>>

/** @throws Failure where it is rejected, revoked, or nobody has said anything in time */
async function waitUntilClaimed(
  world: World,
  client: Tenantry,
  identity: Identity,
  first: Claim,
  { seconds, open }: { seconds: number; open: boolean },
) {
  const { fingerprintOfDid } = await import('../client/machine-key')
  tell(world, `The fingerprint of this machine's key: ${await fingerprintOfDid(identity.did)}`)
  const show = ({ claimUrl }: Claim, words: string) => {
    if (claimUrl === undefined) return
    tell(world, `${words}\n\n  ${claimUrl}\n`)
    if (open) world.browse(claimUrl)
  }
  show(first, 'An owner or admin of the tenant accepts it here:')
  tell(world, 'Waiting for that. Interrupt it at any time: run again, it goes on.')
  let claim = first
  for (let waited = 0; waited < seconds * 1000; waited += pollMilliseconds) {
    await world.wait(pollMilliseconds)
    const status = await whereReached(poll(client, identity))
    if (status === 'claimed') return
    if (status === 'rejected' || status === 'revoked')
      throw new Failure(exitCodes.refused, `identity.${status}`, `${identity.handle} was ${status}.`)
    if (status !== 'pending' || !isOver(claim)) continue
    const next = await whereReached(register(client, identity))
    if (!next) continue
    claim = next
    show(next, 'That address is over. It is accepted here now:')
  }
  throw new Failure(
    exitCodes.failed,
    'cli.not_claimed',
    'Nobody has accepted this machine in time. Run it again to go on.',
  )
}

/** By our clock, which a proof wants to be right; an address that is replaced too early is none that is needed. */
const isOver = ({ claimExpiresAt }: Claim) => Date.parse(claimExpiresAt ?? '') <= Date.now()

const poll = async (client: Tenantry, { handle }: Identity) =>
  (await answered(client.GET('/api/identities/{handle}', { params: { path: { handle } } }))).status

/** @returns undefined where the portal is out of reach just now: that may pass */
async function whereReached<Data>(call: Promise<Data>): Promise<Data | undefined> {
  try {
    return await call
  } catch (error) {
    if (error instanceof Failure && error.exitCode === exitCodes.unavailable) return undefined
    throw error
  }
}
