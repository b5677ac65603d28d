import { randomBytes } from 'node:crypto'
import { existsSync } from 'node:fs'
import { readFile, rm } from 'node:fs/promises'
import { join } from 'node:path'
import type { Config } from '#server/config/config'
import { parseMasterKey } from '#server/config/master-secret'
import { masterKeyFile } from '#server/vault/keys/generated-secret'
import type { OsKeyring } from '#server/vault/keys/os-keyring'
import { defineCommand } from '../command'
import { exitCodes } from '../exit-codes'
import { Failure, misuse } from '../failure'
import { readSecret, secretArgs } from '../secret-input'
import type { World } from '../world'
import { aboutEntries, asked, keyringOf, shadowedBy } from './keyring'

export const command = defineCommand({
  args: {
    file: secretArgs.file,
    generate: { type: 'boolean', description: 'Make one, for an installation that has none yet.' },
    move: { type: 'boolean', description: 'Take the one that the server generated, and remove its file.' },
    replace: { type: 'boolean', description: 'Put it in the place of another one.' },
  },
  about:
    'The key, 32 bytes in base64, comes from a file, stdin or a prompt, never from the command line. With --move it is that\n' +
    'in DATA_DIR/master.key, which is removed once the keyring has it. Keep a copy apart: the keyring is of this machine,\n' +
    `and what is sealed with a lost key is lost.\n\n${aboutEntries}`,
  examples: [
    'tenantry vault keyring put --move',
    'tenantry vault keyring put --file master.key',
    'openssl rand -base64 32 | tee copy-of-the-key | tenantry vault keyring put',
  ],
  async run(world, { file, generate, move, replace }) {
    const { config, keyring } = keyringOf(world)
    const { entry } = keyring
    const { key, moved } = await takeKey(world, config, { file, generate, move })
    await put(keyring, key, replace ?? false)
    if (moved) await rm(moved)
    return {
      data: { entry, moved: moved ?? null, shadowedBy: config.masterSecretFrom ?? null },
      text: [
        `The keyring has the master key, as “${entry}”.`,
        ...(moved ? [`${moved} is gone.`] : []),
        ...shadowedBy(config),
      ].join('\n'),
    }
  },
})

interface Given {
  file: string | undefined
  generate: boolean | undefined
  move: boolean | undefined
}

/** @returns `moved`: the file to be removed once the key is in its place */
async function takeKey(
  world: World,
  { dataDir }: Config,
  { file, generate, move }: Given,
): Promise<{ key: Buffer; moved?: string }> {
  if ([file, generate, move].filter(Boolean).length > 1)
    throw misuse('One of --file, --generate and --move at most.')
  const own = join(dataDir, masterKeyFile)
  if (generate) {
    if (existsSync(own)) throw misuse(`${own} holds a key, which --move puts into the keyring.`)
    return { key: randomBytes(32) }
  }
  if (move) return { key: keyIn(await readFile(own, 'utf8').catch(unreadable(own))), moved: own }
  return { key: keyIn(await readSecret(world, { file, prompt: 'Master key, 32 bytes in base64: ' })) }
}

const unreadable =
  (file: string) =>
  (cause: NodeJS.ErrnoException): never => {
    const absent = cause.code === 'ENOENT'
    throw new Failure(
      absent ? exitCodes.notFound : exitCodes.failed,
      'cli.unreadable',
      absent ? `There is no ${file}.` : `${file} can't be read: ${cause.code}.`,
      { cause },
    )
  }

/** Reads it as the server would. */
function keyIn(text: string): Buffer {
  const key = parseMasterKey(text)
  if (key) return key
  throw new Failure(
    exitCodes.failed,
    'cli.key_invalid',
    'That is no master key: it must be 32 bytes in base64, as `openssl rand -base64 32` makes them.',
  )
}

async function put(keyring: OsKeyring, key: Buffer, replace: boolean): Promise<void> {
  const before = await asked(keyring.read())
  if (before.state === 'no keyring')
    throw new Failure(exitCodes.unavailable, 'keyring.none', 'There is no keyring here.')
  if (before.state === 'found') {
    if (parseMasterKey(before.text)?.equals(key)) return
    if (!replace)
      throw new Failure(
        exitCodes.failed,
        'keyring.entry_exists',
        `The keyring has another key as “${keyring.entry}”, and what is sealed with that one is lost without it. Keep a ` +
          'copy of it, and say --replace.',
      )
  }
  await asked(keyring.write(key.toString('base64')))
  const after = await asked(keyring.read())
  if (after.state !== 'found' || !parseMasterKey(after.text)?.equals(key))
    throw new Failure(exitCodes.failed, 'keyring.failed', 'The keyring did not keep the key.')
}
