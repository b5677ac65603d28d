import { readFile } from 'node:fs/promises'
import { createTenantry, signRequest, type MachineKey } from '../client/client'
import { createMachineKey, fingerprintOfDid, readMachineKey, writeMachineKey } from '../client/machine-key'
import { defineCommand } from '../command'
import { exitCodes } from '../exit-codes'
import { answered, Failure, misuse } from '../failure'
import type { World } from '../world'
import { callArgs, ownIdentity, type OwnIdentity } from './credential'
import { readProfile, writeProfile } from './profile'

export const command = defineCommand({
  args: {
    ...callArgs,
    'new-key-file': {
      type: 'string',
      description: 'The new key, PKCS#8 in PEM: where the present one is in the environment.',
      valueHint: 'FILE',
    },
  },
  about:
    'Puts a new key in place of the one that this machine has; that one proves it, and is good for nothing afterwards.\n' +
    'Where it was cut off, running it again finishes it.',
  examples: ['tenantry identity rotate', 'tenantry identity rotate --new-key-file next.pem'],
  async run(world, args) {
    const own = await ownIdentity(world, args.profile)
    const file = args['new-key-file']
    if (own.keyIsStored && file)
      throw misuse('--new-key-file is for keys in the environment: this one is kept by us.')
    if (!own.keyIsStored && !file) throw misuse('The key is in the environment: --new-key-file is needed.')
    const key = file ? await readKeyFile(file) : await rotateStored(world, own)
    if (file && key.did !== own.key.did) await replace(world, own, key)
    const fingerprint = await fingerprintOfDid(key.did)
    const hint = file ? `\nNow put it into TENANTRY_IDENTITY_KEY.` : ''
    return {
      data: { handle: own.handle, did: key.did, fingerprint },
      text: `${own.handle} has another key: ${fingerprint}${hint}`,
    }
  },
})

async function readKeyFile(file: string): Promise<MachineKey> {
  const text = await readFile(file, 'utf8').catch((cause: NodeJS.ErrnoException) => {
    throw new Failure(exitCodes.failed, 'cli.unreadable', `${file} can't be read: ${cause.code}.`, { cause })
  })
  return readMachineKey(text).catch((error: Error) => {
    throw new Failure(exitCodes.usage, 'cli.key_invalid', `${file}: ${error.message}`)
  })
}

/** The new key is written down before the portal is told of it, and takes its place once the portal has taken it. */
async function rotateStored(world: World, own: OwnIdentity): Promise<MachineKey> {
  const { path } = own
  const profile = await readProfile(path)
  if (!profile) throw new Failure(exitCodes.failed, 'cli.profile_gone', `${path} is gone.`)
  const { nextPrivateKey, ...kept } = profile
  const key = nextPrivateKey === undefined ? await createMachineKey() : await readMachineKey(nextPrivateKey)
  const pem = await writeMachineKey(key)
  if (nextPrivateKey === undefined) await writeProfile(path, { ...kept, nextPrivateKey: pem })
  if (nextPrivateKey === undefined || !(await isTaken(world, own, key))) await replace(world, own, key)
  await writeProfile(path, { ...kept, privateKey: pem })
  return key
}

/** Whether the portal knows the machine by that key already: the answer to an earlier call can have been lost. */
async function isTaken(world: World, own: OwnIdentity, key: MachineKey): Promise<boolean> {
  try {
    const call = clientOf(world, own, key).GET('/api/identities/{handle}', {
      params: { path: { handle: own.handle } },
    })
    return (await answered(call)).did === key.did
  } catch (error) {
    if (error instanceof Failure && error.code === 'pop.identity_unknown') return false
    throw error
  }
}

async function replace(world: World, own: OwnIdentity, key: MachineKey): Promise<void> {
  const { handle, server, audience = server } = own
  const target = `/api/identities/${handle}/rotate-key`
  const proof = await signRequest(
    { handle, key, audience },
    { method: 'POST', target, body: new Uint8Array() },
  )
  const params = { path: { handle } }
  const body = { did: key.did, proof }
  await answered(clientOf(world, own, own.key).POST('/api/identities/{handle}/rotate-key', { params, body }))
}

const clientOf = ({ fetch }: World, { server, audience, handle }: OwnIdentity, key: MachineKey) =>
  createTenantry({
    server,
    credential: { handle, key },
    ...(audience && { audience }),
    ...(fetch && { fetch }),
  })
