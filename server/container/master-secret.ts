import { join } from 'node:path'
import type { Config } from '#server/config/config'
import { parseMasterKey } from '#server/config/master-secret'
import { generatedSecret, masterKeyFile } from '#server/vault/keys/generated-secret'
import type { MasterSecret } from '#server/vault/keys/master-secret'
import { openOsKeyring, type KeyringPlace, type OsKeyring } from '#server/vault/keys/os-keyring'

/** Opens the keyring's entry; a test gives its own. */
export type OpenKeyring = (place: KeyringPlace) => OsKeyring

/** The master secret, and where it was found. */
export interface FoundSecret {
  readonly secret: MasterSecret
  readonly source: 'environment' | 'keyring' | 'generated'
  /** The very place, for operators. */
  readonly from: string
}

/**
 * Finds the master secret: in the environment, else in the operating system's keyring, else in the data folder, where it
 * is generated the first time. A keyring that can't say what it holds is not passed over.
 *
 * @throws Error in words for an operator, with nothing of the secret
 */
export async function findMasterSecret(
  config: Config,
  open: OpenKeyring = openOsKeyring,
): Promise<FoundSecret> {
  const { masterSecret, masterSecretFrom = 'MASTER_KEY', keyring, dataDir } = config
  if (masterSecret) return { secret: masterSecret, source: 'environment', from: masterSecretFrom }
  const found = await open(keyring).read()
  if (found.state === 'found') {
    const from = `the entry “${keyring.entry}” of the operating system's keyring`
    const bytes = parseMasterKey(found.text)
    if (!bytes)
      throw new Error(
        `MASTER_KEY: ${from} must be 32 bytes in base64, as \`openssl rand -base64 32\` makes them. Put the right one ` +
          'there with `tenantry vault keyring put --replace`, or set MASTER_KEY or MASTER_KEY_FILE.',
      )
    return { secret: { kind: 'random', bytes }, source: 'keyring', from }
  }
  if (keyring.isRequired)
    throw new Error(
      `MASTER_KEYRING_ENTRY: ${missing[found.state]} Put the master key there with \`tenantry vault keyring put\`, or ` +
        'remove the variable and set MASTER_KEY or MASTER_KEY_FILE.',
    )
  return { secret: generatedSecret(dataDir), source: 'generated', from: join(dataDir, masterKeyFile) }
}

const missing = {
  'no entry': "the operating system's keyring has no such entry.",
  'no keyring':
    'there is no keyring: on Linux one is reached by DBUS_SESSION_BUS_ADDRESS, and offers the Secret Service there.',
}
