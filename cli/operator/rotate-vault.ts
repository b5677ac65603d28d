import { randomBytes } from 'node:crypto'
import { rename, writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import type { Config } from '#server/config/config'
import { findMasterSecret, type FoundSecret } from '#server/container/master-secret'
import { systemClock } from '#server/lib/clock'
import { newId } from '#server/lib/ids'
import { openDatabase } from '#server/storage/database'
import { openSignals } from '#server/storage/signals'
import { masterKeyFile } from '#server/vault/keys/generated-secret'
import { rotate, type MasterSecret } from '#server/vault/rotation'
import { defineCommand } from '../command'
import { exitCodes } from '../exit-codes'
import { Failure, misuse } from '../failure'
import { withProgress, type World } from '../world'
import { aboutOperators, configOf, inWords, quietLog, withContainer } from './container'

export const command = defineCommand({
  args: {
    'new-key-file': { type: 'string', description: 'The new key: 32 bytes in base64.', valueHint: 'FILE' },
    'new-passphrase-file': { type: 'string', description: 'In its place, a passphrase.', valueHint: 'FILE' },
    generate: { type: 'boolean', description: 'Make --new-key-file, where it is not there yet.' },
    grace: {
      type: 'string',
      default: '60',
      description: 'Seconds for which processes that start with the former key still learn the new one.',
      valueHint: 'SECONDS',
    },
  },
  about:
    'Puts another master key in the place of the one in use. Every key that it wraps is wrapped anew, and no value is\n' +
    'touched; servers go on serving. Where it was cut off, running it again with the same new key finishes it. A key that\n' +
    `the server generated into DATA_DIR is replaced there; any other one is set by you, when this has ended.\n\n${aboutOperators}`,
  examples: [
    'tenantry vault rotate',
    'tenantry vault rotate --new-key-file /run/secrets/master-key-2 --generate',
  ],
  async run(world, args) {
    const { grace, generate } = args
    if (!/^\d{1,5}$/.test(grace)) throw misuse('--grace takes whole seconds.')
    const config = configOf(world)
    const present = await inWords(() => findMasterSecret(config, world.openKeyring))
    const next = await takeNext(world, config, present, {
      keyFile: args['new-key-file'],
      passphraseFile: args['new-passphrase-file'],
      generate,
    })
    const rewrapped = await inWords(() =>
      change(world, config, { from: present.secret, to: next.secret, graceSeconds: Number(grace) }),
    )
    if (next.replaces) await rename(next.file, next.replaces)
    await writeDown(world, { ...config, masterSecret: next.secret }, rewrapped)
    const hint = next.replaces ?? hintOf(present, next)
    return {
      data: { rewrapped, file: next.replaces ?? next.file },
      text: `The master key is another one. Keys that were wrapped anew: ${rewrapped}.\n${hint}`,
    }
  },
})

/** What is left to do. */
function hintOf({ source }: FoundSecret, { secret, file }: Next): string {
  return source === 'keyring' && secret.kind === 'random'
    ? `Now put it into the keyring: tenantry vault keyring put --replace --file ${file}`
    : `Now give the server ${file} in place of the former one, on every replica.`
}

interface Next {
  secret: MasterSecret
  file: string
  /** The server's own file, whose place it is to take. */
  replaces?: string
}

interface Given {
  keyFile: string | undefined
  passphraseFile: string | undefined
  generate: boolean | undefined
}

async function takeNext(
  world: World,
  config: Config,
  { source, from }: FoundSecret,
  { keyFile, passphraseFile, generate }: Given,
): Promise<Next> {
  if (keyFile && passphraseFile) throw misuse('Either --new-key-file or --new-passphrase-file.')
  if (passphraseFile) return read(world, 'MASTER_PASSPHRASE_FILE', passphraseFile)
  if (keyFile) {
    if (generate) await makeKey(keyFile)
    return read(world, 'MASTER_KEY_FILE', keyFile)
  }
  if (source !== 'generated')
    throw misuse(
      `The master key is set by you, in ${from}: --new-key-file or --new-passphrase-file is needed.`,
    )
  const replaces = join(config.dataDir, masterKeyFile)
  await makeKey(`${replaces}.next`)
  return { ...read(world, 'MASTER_KEY_FILE', `${replaces}.next`), replaces }
}

/** Reads it as the server would. @throws Failure where it would not */
function read(world: World, variable: 'MASTER_KEY_FILE' | 'MASTER_PASSPHRASE_FILE', file: string): Next {
  const none = { MASTER_KEY: undefined, MASTER_KEY_FILE: undefined }
  const others = { MASTER_PASSPHRASE: undefined, MASTER_PASSPHRASE_FILE: undefined }
  const env = { ...world.env, ...none, ...others, MASTER_KEYRING_ENTRY: undefined }
  const { masterSecret } = configOf({ ...world, env: { ...env, [variable]: file } })
  if (!masterSecret) throw new Failure(exitCodes.failed, 'cli.key_invalid', `${file} holds no key.`)
  return { secret: masterSecret, file }
}

/** Writes a new key, for its owner alone; one that is there stays. */
async function makeKey(file: string): Promise<void> {
  const text = `${randomBytes(32).toString('base64')}\n`
  await writeFile(file, text, { mode: 0o600, flag: 'wx', flush: true }).catch(
    (error: NodeJS.ErrnoException) => {
      if (error.code === 'EEXIST') return
      throw new Failure(exitCodes.failed, 'cli.unwritable', `${file} can't be written: ${error.code}.`, {
        cause: error,
      })
    },
  )
}

async function change(
  world: World,
  config: Config,
  options: { from: MasterSecret; to: MasterSecret; graceSeconds: number },
): Promise<number> {
  const log = quietLog(world)
  const database = await openDatabase({ ...config.database, log })
  try {
    const signals = openSignals({ url: config.database.url, log })
    try {
      const means = { database, signals, clock: systemClock }
      const { rewrapped } = await withProgress(world, (show) => {
        const onProgress = (done: number, total: number) => show(`${done} of ${total} keys …`)
        return rotate(means, { ...options, onProgress })
      })
      return rewrapped
    } finally {
      await signals.close()
    }
  } finally {
    await database.close()
  }
}

/** With the new key, which shows that it is the one in use. */
async function writeDown(world: World, config: Config, rewrapped: number): Promise<void> {
  await withContainer(
    world,
    ({ scopes }) =>
      scopes.platform(newId()).transaction(({ audit }) =>
        audit.record({
          action: 'vault.master_key_changed',
          subject: { kind: 'portal', id: 'master-key' },
          after: { rewrapped },
        }),
      ),
    config,
  )
}
