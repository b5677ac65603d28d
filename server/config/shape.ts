import type { BlockList } from 'node:net'
import type { AuthMode } from '#shared/contracts/common'
import type { LogLevel } from '#server/lib/log'
import type { MasterSecretConfig } from './master-secret'

/** Everything that the environment decides, parsed once at boot, frozen. */
export interface Config extends MasterSecretConfig {
  readonly authMode: AuthMode
  /** An origin, without a slash at its end. */
  readonly publicUrl: string
  readonly host: string
  readonly port: number
  readonly dataDir: string
  readonly database: { readonly url: string; readonly poolMax: number }
  readonly redisUrl: string | undefined
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
