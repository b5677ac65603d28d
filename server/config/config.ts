import { readFileSync } from 'node:fs'
import { join, resolve } from 'node:path'
import { fileURLToPath } from 'node:url'
import type { BlockList } from 'node:net'
import type { AuthMode } from '#shared/contracts/common'
import type { LogLevel } from '#server/lib/log'
import { addressSet } from './addresses'
import { Environment, secretNames } from './variables'

/** Everything that the environment decides, parsed once at boot, frozen. */
export interface Config {
  readonly authMode: AuthMode
  /** An origin, without a slash at its end. */
  readonly publicUrl: string
  readonly host: string
  readonly port: number
  readonly dataDir: string
  readonly database: { readonly url: string; readonly poolMax: number }
  readonly redisUrl: string | undefined
  /** What the operator keeps, 32 bytes or words; undefined: generated into dataDir. */
  readonly masterSecret:
    | { readonly kind: 'random'; readonly bytes: Buffer }
    | { readonly kind: 'passphrase'; readonly text: string }
    | undefined
  readonly vaultBackend: 'disk' | 'redis' | 'database'
  readonly session: { readonly ttlSeconds: number; readonly idleSeconds: number }
  readonly seedTenant: string | undefined
  readonly deleteGraceSeconds: number
  readonly authentik:
    { readonly apiUrl: string; readonly apiToken: string; readonly publicUrl: string } | undefined
  /** Whether the password form is there whatever the settings say; undefined: they decide. */
  readonly localSignIn: 'on' | undefined
  /** What the environment says of the OpenID provider, value by value; server/auth/provider makes the whole of it. */
  readonly oidc: OidcEnvironment
  readonly mail:
    { readonly smtpUrl: string; readonly tls: 'required' | 'offered'; readonly from: string } | undefined
  readonly stalwart: { readonly apiUrl: string; readonly apiToken: string } | undefined
  readonly ocis:
    | {
        readonly apiUrl: string
        readonly auth:
          | { readonly appToken: string }
          | { readonly clientId: string; readonly clientSecret: string; readonly tokenUrl: string }
      }
    | undefined
  /** Whether tenants' own connections may lead to private networks, and over http. */
  readonly integrationsAllowPrivate: boolean
  /** `address:port`; undefined: the system's. */
  readonly dnsResolver: string | undefined
  /** 0: never. */
  readonly sweepIntervalSeconds: number
  /** Whether drift is repaired by itself; undefined: the settings decide. */
  readonly driftRepair: boolean | undefined
  readonly trustedProxies: BlockList
  readonly worker: 'on' | 'off' | 'only'
  readonly provisioningConcurrency: number
  readonly logLevel: LogLevel
  /** Undefined: there are no metrics. */
  readonly metricsToken: string | undefined
  /** Where the state of the audit is told; undefined: nowhere. */
  readonly auditExport:
    | { readonly kind: 'folder'; readonly folder: string; readonly everySeconds: number }
    | {
        readonly kind: 'webhook'
        readonly url: string
        readonly token: string | undefined
        readonly everySeconds: number
      }
    | undefined
}

/** Undefined where the variable is not set. */
export interface OidcEnvironment {
  readonly issuer: string | undefined
  readonly clientId: string | undefined
  readonly clientSecret: string | undefined
  readonly scopes: readonly string[] | undefined
  readonly groupsClaim: string | undefined
  readonly operatorGroup: string | undefined
  readonly linkByEmail: boolean | undefined
  readonly introspection: boolean | undefined
  readonly audiences: readonly string[] | undefined
}

/** The environment can't be served with. `message` names every fault and its remedy, a line each. */
export class ConfigError extends Error {
  readonly faults: readonly string[]

  constructor(faults: readonly string[]) {
    super(
      `Tenantry does not start: the environment needs a change.\n${faults.map((fault) => `  - ${fault}`).join('\n')}`,
    )
    this.name = 'ConfigError'
    this.faults = faults
  }
}

type Variables = Record<string, string | undefined>

/** An empty variable counts as one that is not set, as compose files make them. */
function withoutEmpty(env: Variables): Variables {
  return Object.fromEntries(
    Object.entries(env).filter(([, value]) => value !== undefined && value.trim() !== ''),
  )
}

function readSecretFiles(env: Variables, faults: string[]): Variables {
  const read: Variables = {}
  for (const name of secretNames) {
    const file = env[`${name}_FILE`]
    if (file === undefined) continue
    if (env[name] !== undefined) {
      faults.push(`${name} and ${name}_FILE are both set: remove one of them.`)
      continue
    }
    try {
      read[name] = readFileSync(file, 'utf8').trim()
    } catch (error) {
      const reason = (error as NodeJS.ErrnoException).code ?? 'unknown'
      faults.push(`${name}_FILE: the file can't be read (${reason}).`)
    }
  }
  return read
}

function crossCheck(values: Environment, faults: string[]): void {
  const shared = values.DATABASE_URL?.startsWith('postgres')
    ? 'PostgreSQL'
    : values.REDIS_URL
      ? 'Redis'
      : undefined
  const whoNeedsKey =
    values.AUTH_MODE === 'oidc-only' ? 'AUTH_MODE is oidc-only' : shared && `${shared} is configured`
  if (whoNeedsKey && !values.MASTER_KEY && !values.MASTER_PASSPHRASE)
    faults.push(
      `MASTER_KEY: must be set where ${whoNeedsKey}, since the next replica would not have a generated one. ` +
        'Make it with `openssl rand -base64 32`.',
    )
  if (values.MASTER_KEY && values.MASTER_PASSPHRASE)
    faults.push('MASTER_KEY and MASTER_PASSPHRASE are both set: remove one of them.')
  if (values.VAULT_BACKEND === 'redis' && !values.REDIS_URL)
    faults.push('VAULT_BACKEND: redis needs REDIS_URL. Set it, or choose disk or database.')
  const oidcNames = ['OIDC_ISSUER', 'OIDC_CLIENT_ID', 'OIDC_CLIENT_SECRET'] as const
  const missing = oidcNames.filter((name) => !values[name])
  if (values.AUTH_MODE === 'oidc-only' && missing.length)
    faults.push(`${missing.join(', ')}: must be set where AUTH_MODE is oidc-only.`)
  if (!values.SMTP_URL !== !values.MAIL_FROM) faults.push('SMTP_URL and MAIL_FROM: set both, or neither.')
  if (!values.STALWART_API_URL !== !values.STALWART_API_TOKEN)
    faults.push('STALWART_API_URL and STALWART_API_TOKEN: set both, or neither.')
  checkOcis(values, faults)
  checkAuditExport(values, faults)
  if (!values.AUTHENTIK_API_URL !== !values.AUTHENTIK_API_TOKEN)
    faults.push('AUTHENTIK_API_URL and AUTHENTIK_API_TOKEN: set both, or neither.')
}

function checkAuditExport(values: Environment, faults: string[]): void {
  if (values.AUDIT_EXPORT_TOKEN && !values.AUDIT_EXPORT?.startsWith('https:'))
    faults.push('AUDIT_EXPORT_TOKEN: wants an https address in AUDIT_EXPORT.')
}

function checkOcis(values: Environment, faults: string[]): void {
  const client = [values.OCIS_CLIENT_ID, values.OCIS_CLIENT_SECRET, values.OCIS_TOKEN_URL]
  const isClientWhole = client.every((value) => value !== undefined)
  if (client.some((value) => value !== undefined) && !isClientWhole)
    faults.push('OCIS_CLIENT_ID, OCIS_CLIENT_SECRET and OCIS_TOKEN_URL: set all of them, or none.')
  if (isClientWhole && values.OCIS_APP_TOKEN)
    faults.push('OCIS_APP_TOKEN and OCIS_CLIENT_ID are both set: remove one of them.')
  if (!values.OCIS_API_URL !== !(isClientWhole || values.OCIS_APP_TOKEN))
    faults.push('OCIS_API_URL: must be set together with OCIS_CLIENT_ID or OCIS_APP_TOKEN.')
}

function ocisOf(values: Environment): Config['ocis'] {
  const { OCIS_API_URL: apiUrl, OCIS_APP_TOKEN: appToken } = values
  const { OCIS_CLIENT_ID: clientId, OCIS_CLIENT_SECRET: clientSecret, OCIS_TOKEN_URL: tokenUrl } = values
  if (!apiUrl) return undefined
  if (appToken) return { apiUrl, auth: { appToken } }
  if (clientId && clientSecret && tokenUrl) return { apiUrl, auth: { clientId, clientSecret, tokenUrl } }
  return undefined
}

function mailOf({ SMTP_URL: smtpUrl, SMTP_TLS, MAIL_FROM: from }: Environment): Config['mail'] {
  if (!smtpUrl || !from) return undefined
  // A password is not to be had by whoever hides STARTTLS from us.
  const tls = SMTP_TLS ?? (new URL(smtpUrl).password ? 'required' : 'offered')
  return { smtpUrl, tls, from }
}

function masterSecretOf({ MASTER_KEY: key, MASTER_PASSPHRASE: text }: Environment): Config['masterSecret'] {
  if (key) return { kind: 'random', bytes: Buffer.from(key, 'base64') }
  return text ? { kind: 'passphrase', text } : undefined
}

/** Whether there may be further replicas, which share no disk. */
const isShared = ({ DATABASE_URL, REDIS_URL }: Environment) =>
  Boolean(REDIS_URL) || Boolean(DATABASE_URL?.startsWith('postgres'))

function auditExportOf(values: Environment): Config['auditExport'] {
  const { AUDIT_EXPORT: place, AUDIT_EXPORT_TOKEN: token } = values
  const everySeconds = values.AUDIT_EXPORT_INTERVAL_SECONDS ?? 3600
  if (!place) return undefined
  if (place.startsWith('file:')) return { kind: 'folder', folder: fileURLToPath(place), everySeconds }
  return { kind: 'webhook', url: place, token, everySeconds }
}

function assemble(values: Environment): Config {
  const port = values.PORT ?? 3000
  const dataDir = resolve(values.DATA_DIR ?? './data')
  const authentik =
    values.AUTHENTIK_API_URL && values.AUTHENTIK_API_TOKEN
      ? {
          apiUrl: values.AUTHENTIK_API_URL,
          apiToken: values.AUTHENTIK_API_TOKEN,
          publicUrl: values.AUTHENTIK_PUBLIC_URL ?? new URL(values.AUTHENTIK_API_URL).origin,
        }
      : undefined
  return {
    authMode: values.AUTH_MODE ?? 'standalone',
    publicUrl: values.PUBLIC_URL ?? `http://localhost:${port}`,
    host: values.HOST ?? '0.0.0.0',
    port,
    dataDir,
    database: {
      url: values.DATABASE_URL ?? `file:${join(dataDir, 'tenantry.db')}`,
      poolMax: values.DATABASE_POOL_MAX ?? 10,
    },
    redisUrl: values.REDIS_URL,
    masterSecret: masterSecretOf(values),
    vaultBackend: values.VAULT_BACKEND ?? (isShared(values) ? 'database' : 'disk'),
    session: {
      ttlSeconds: values.SESSION_TTL_SECONDS ?? 604_800,
      idleSeconds: values.SESSION_IDLE_SECONDS ?? 86_400,
    },
    seedTenant: values.SEED_TENANT,
    deleteGraceSeconds: values.DELETE_GRACE_SECONDS ?? 2_592_000,
    authentik,
    localSignIn: values.LOCAL_SIGN_IN,
    oidc: {
      issuer: values.OIDC_ISSUER,
      clientId: values.OIDC_CLIENT_ID,
      clientSecret: values.OIDC_CLIENT_SECRET,
      scopes: values.OIDC_SCOPES,
      groupsClaim: values.OIDC_GROUPS_CLAIM,
      operatorGroup: values.OIDC_OPERATOR_GROUP,
      linkByEmail: values.OIDC_LINK_BY_EMAIL,
      introspection: values.OIDC_INTROSPECTION,
      audiences: values.JWT_AUDIENCES,
    },
    mail: mailOf(values),
    stalwart:
      values.STALWART_API_URL && values.STALWART_API_TOKEN
        ? { apiUrl: values.STALWART_API_URL, apiToken: values.STALWART_API_TOKEN }
        : undefined,
    ocis: ocisOf(values),
    integrationsAllowPrivate: values.INTEGRATIONS_ALLOW_PRIVATE ?? false,
    dnsResolver: values.DNS_RESOLVER,
    sweepIntervalSeconds: values.SWEEP_INTERVAL_SECONDS ?? 3600,
    driftRepair: values.DRIFT_REPAIR,
    trustedProxies: addressSet(values.TRUSTED_PROXIES ?? []),
    worker: values.WORKER ?? 'on',
    provisioningConcurrency: values.PROVISIONING_CONCURRENCY ?? 8,
    logLevel: values.LOG_LEVEL ?? 'info',
    metricsToken: values.METRICS_TOKEN,
    auditExport: auditExportOf(values),
  }
}

function freeze<Value>(value: Value): Value {
  const isPlain = Array.isArray(value) || (value && Object.getPrototypeOf(value) === Object.prototype)
  if (value && typeof value === 'object' && isPlain)
    for (const inner of Object.values(Object.freeze(value))) freeze(inner)
  return value
}

/**
 * Parses the environment.
 *
 * @throws ConfigError with all faults at once; it never repeats a secret's value
 */
export function loadConfig(environment: Variables): Config {
  const faults: string[] = []
  const env = withoutEmpty(environment)
  const parsed = Environment.safeParse({ ...env, ...readSecretFiles(env, faults) })
  if (!parsed.success) {
    for (const issue of parsed.error.issues) {
      const name = String(issue.path[0])
      const allowed = issue.code === 'invalid_value' ? `must be ${issue.values.join(' or ')}` : issue.message
      const given = secretNames.includes(name) ? '' : ` (it is ${JSON.stringify(env[name])})`
      faults.push(`${name}: ${allowed}${given}.`)
    }
    throw new ConfigError(faults)
  }
  crossCheck(parsed.data, faults)
  if (faults.length) throw new ConfigError(faults)
  return freeze(assemble(parsed.data))
}
