import { sessionBusOf } from './session-bus'
import type { Environment } from './variables'
import { MasterKey } from './variables/data'

type Variables = Readonly<Record<string, string | undefined>>

/** Where the master secret is, as far as the environment decides. */
export interface MasterSecretConfig {
  /** What the operator keeps, 32 bytes or words; undefined: it is in the OS's keyring, or generated into dataDir. */
  readonly masterSecret:
    | { readonly kind: 'random'; readonly bytes: Buffer }
    | { readonly kind: 'passphrase'; readonly text: string }
    | undefined
  /** The variable that it came by; undefined where it is. */
  readonly masterSecretFrom: string | undefined
  readonly keyring: {
    /** The entry's name. */
    readonly entry: string
    /** The operator named it: no key is generated in its place. */
    readonly isRequired: boolean
    /** The address of the D-Bus by which Linux's keyrings are reached; undefined: there is none. */
    readonly sessionBus: string | undefined
  }
}

/** @returns undefined where it is not what MASTER_KEY may be */
export function parseMasterKey(text: string): Buffer | undefined {
  const { data } = MasterKey.safeParse(text)
  return data === undefined ? undefined : Buffer.from(data, 'base64')
}

/** `env` is what `values` were parsed from. */
export function masterSecretOf(values: Environment, env: Variables, dataDir: string): MasterSecretConfig {
  const { MASTER_KEY: key, MASTER_PASSPHRASE: text, MASTER_KEYRING_ENTRY: entry } = values
  const keyring = { entry: entry ?? dataDir, isRequired: entry !== undefined, sessionBus: sessionBusOf(env) }
  const masterSecret = key
    ? ({ kind: 'random', bytes: Buffer.from(key, 'base64') } as const)
    : text
      ? ({ kind: 'passphrase', text } as const)
      : undefined
  const name = key ? 'MASTER_KEY' : 'MASTER_PASSPHRASE'
  const source = env[`${name}_FILE`] === undefined ? name : `${name}_FILE`
  return { masterSecret, masterSecretFrom: masterSecret && source, keyring }
}

/** Adds what is wrong with the ways by which the master secret is given. */
export function checkMasterSecret(values: Environment, faults: string[]): void {
  const shared = values.DATABASE_URL?.startsWith('postgres')
    ? 'PostgreSQL'
    : values.REDIS_URL
      ? 'Redis'
      : undefined
  const whoNeedsKey =
    values.AUTH_MODE === 'oidc-only' ? 'AUTH_MODE is oidc-only' : shared && `${shared} is configured`
  if (whoNeedsKey && !values.MASTER_KEY && !values.MASTER_PASSPHRASE)
    faults.push(
      `MASTER_KEY: must be set where ${whoNeedsKey}, since the next replica would have neither a generated one nor ` +
        "this machine's keyring. Make it with `openssl rand -base64 32`.",
    )
  const ways = ['MASTER_KEY', 'MASTER_PASSPHRASE', 'MASTER_KEYRING_ENTRY'] as const
  const [one, another] = ways.filter((name) => values[name])
  if (another) faults.push(`${one} and ${another} are both set: remove one of them.`)
}
