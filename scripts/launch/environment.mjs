// @ts-check
// What of a developer's shell reaches a build or a test: nothing that Tenantry, Nuxt or PostgreSQL would read.

/** Whole names, and beginnings of names. environment.test.ts holds them against server/config. */
const names = [
  'AUTH_MODE',
  'PUBLIC_URL',
  'HOST',
  'PORT',
  'DATA_DIR',
  'WORKER',
  'LOG_LEVEL',
  'LOCAL_SIGN_IN',
  'MAIL_FROM',
  'NODE_ENV',
]
const beginnings = [
  ...[
    'AUDIT_',
    'AUTHENTIK_',
    'DATABASE_',
    'DELETE_GRACE_',
    'DNS_',
    'DRIFT_',
    'INTEGRATIONS_',
    'JWT_',
    'MASTER_',
    'METRICS_',
    'OCIS_',
    'OIDC_',
  ],
  ...['PROVISIONING_', 'REDIS_', 'SEED_', 'SESSION_', 'SMTP_', 'STALWART_', 'SWEEP_', 'TRUSTED_', 'VAULT_'],
  ...['NITRO_', 'NUXT_', 'PG'],
]

/** Where a test finds a real service to run against, such as AUTHENTIK_TEST_URL. */
const forTests = /^[A-Z]+_TEST_/

/** Whether it would change what a build makes or a test sees. @param {string} name */
export function isForeign(name) {
  const plain = name.replace(/_FILE$/, '')
  if (forTests.test(plain)) return false
  return names.includes(plain) || beginnings.some((beginning) => plain.startsWith(beginning))
}

/** An environment without what would change what a build makes or a test sees. @param {NodeJS.ProcessEnv} env */
export function withoutForeign(env) {
  return Object.fromEntries(Object.entries(env).filter(([name]) => !isForeign(name)))
}
