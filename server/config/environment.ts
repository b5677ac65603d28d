import { loadConfig, type Config } from './config'

/**
 * The configuration of this very process. The only place where its environment is read.
 *
 * @throws ConfigError
 */
export function processConfig(): Config {
  return loadConfig(process.env)
}

/** What nuxt-oidc-auth reads from the environment of its process, each 32 bytes in base64. */
export interface ModuleSecrets {
  readonly tokenKey: string
  readonly sessionSecret: string
  readonly authSessionSecret: string
}

/** nuxt-oidc-auth takes its secrets from nowhere else. */
export function giveSecretsToModule({ tokenKey, sessionSecret, authSessionSecret }: ModuleSecrets): void {
  process.env.NUXT_OIDC_TOKEN_KEY = tokenKey
  process.env.NUXT_OIDC_SESSION_SECRET = sessionSecret
  process.env.NUXT_OIDC_AUTH_SESSION_SECRET = authSessionSecret
}
