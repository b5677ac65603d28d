import { join, resolve } from 'node:path'
import { fileURLToPath } from 'node:url'
import { addressSet } from './addresses'
import { masterSecretOf } from './master-secret'
import type { Config } from './shape'
import type { Environment } from './variables'

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

/**
 * The configuration of an environment without faults, with the defaults of what it does not say.
 *
 * @param env what `values` were parsed from
 */
export function assemble(values: Environment, env: Readonly<Record<string, string | undefined>>): Config {
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
    ...masterSecretOf(values, env, dataDir),
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
