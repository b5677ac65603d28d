import type { Config } from '#server/config/config'
import { KeyringError, openOsKeyring, type OsKeyring } from '#server/vault/keys/os-keyring'
import { exitCodes } from '../exit-codes'
import { Failure } from '../failure'
import type { World } from '../world'
import { configOf } from './container'

/** Which entry it is, for help. */
export const aboutEntries =
  "The entry has the name in MASTER_KEYRING_ENTRY, or else DATA_DIR's path, so that each installation of a machine has its\n" +
  'own. It is in the keyring of whoever calls: call it as the user that the server runs as. On Linux that is the Secret\n' +
  'Service (GNOME Keyring, KWallet, KeePassXC) of the session bus, which the server has to be started with too.\n\n' +
  'For operators: reads the configuration of the server, and asks neither server nor database.'

/** The entry of the server's master key. @throws Failure with all that is wrong with the configuration */
export function keyringOf(world: World): { config: Config; keyring: OsKeyring } {
  const config = configOf(world)
  return { config, keyring: (world.openKeyring ?? openOsKeyring)(config.keyring) }
}

/** Asks the keyring. @throws Failure in place of its own error */
export async function asked<Result>(call: Promise<Result>): Promise<Result> {
  return call.catch((error: unknown) => {
    if (!(error instanceof KeyringError)) throw error
    throw new Failure(exitCodes.unavailable, 'keyring.failed', error.message, { cause: error })
  })
}

/** A line about the variable that the server takes in place of the keyring; nothing where it takes the keyring. */
export const shadowedBy = ({ masterSecretFrom: variable }: Config) =>
  variable === undefined ? [] : [`${variable} is set, and comes before it.`]
