import type { JWTVerifyGetKey } from 'jose'
import type { Clock } from '#server/lib/clock'
import { AppError } from '#server/lib/errors'
import type { Log } from '#server/lib/log'
import type { Sealer } from '#server/vault/seal'
import { discover, type ProviderMetadata } from './discovery'
import { verifyIdToken, type IdTokenClaims } from './id-token'
import { createKeys } from './keys'
import { keep, type Kept } from './kept'
import { effectiveSettings, type ProviderSettings, type ProviderValues } from './provider-settings'
import { providerError } from './provider.errors'
import { fetchUserInfo } from './userinfo'

export type { ProviderMetadata } from './discovery'
export type { IdTokenClaims } from './id-token'
export type { ProviderSettings, ProviderValues } from './provider-settings'
export { providerError } from './provider.errors'

/** The OpenID provider whom this portal trusts, where there is one. */
export interface Provider {
  /** What holds now: the environment before the portal's settings before defaults. Undefined where it is not whole. */
  settings(): Promise<ProviderSettings | undefined>
  /**
   * What of `settings` decides whose tokens hold. Asked on every call with a token: where the environment names the
   * provider, the database is not read for it.
   */
  trust(): Promise<ProviderTrust | undefined>
  /** As `settings`. @throws AppError auth.provider_not_configured */
  requireSettings(): Promise<ProviderSettings>
  /**
   * How the provider describes itself; kept for 10 minutes, and while it is away.
   *
   * @throws AppError auth.provider_not_configured, auth.provider_unavailable
   */
  metadata(): Promise<ProviderMetadata>
  /**
   * The provider's signing keys, for jose's `jwtVerify`.
   *
   * @throws AppError auth.provider_not_configured, auth.provider_unavailable, beside jose's own errors
   */
  readonly keys: JWTVerifyGetKey
  /** @throws AppError auth.id_token_refused, auth.provider_not_configured, auth.provider_unavailable */
  verifyIdToken(token: string, nonce: string): Promise<IdTokenClaims>
  /**
   * The claims of userinfo for this very subject; empty where the provider has none.
   *
   * @throws AppError auth.id_token_refused, auth.provider_not_configured, auth.provider_unavailable
   */
  userInfo(accessToken: string, subject: string): Promise<Record<string, unknown>>
}

/** Whose tokens hold here, and how the provider is asked about them. */
export type ProviderTrust = Pick<
  ProviderSettings,
  'issuer' | 'audiences' | 'clientId' | 'clientSecret' | 'introspection'
>

/** What an operator set in the portal; `clientSecret` is sealed. */
export type StoredProviderValues = Omit<ProviderValues, 'audiences' | 'introspection'>

/** What the client secret that was set in the portal is sealed for. */
export const clientSecretRow = 'oidc.clientSecret'

const metadataLimits = { freshSeconds: 600, pauseSeconds: 1 }

/**
 * @param parts.environment what the environment says
 * @param parts.stored reads what was set in the portal; absent in oidc-only mode, where it is never asked
 * @param parts.sealer opens the client secret that was set there
 */
export function createProvider(parts: {
  environment: ProviderValues
  stored?: (() => Promise<StoredProviderValues | undefined>) | undefined
  sealer: Sealer
  clock: Clock
  log: Log
}): Provider {
  const { environment, stored, sealer, clock, log } = parts
  /** One for each address: settings may change while the process runs. */
  let described: { issuer: string; metadata: Kept<ProviderMetadata> } | undefined
  let signing: { jwksUri: string; keys: JWTVerifyGetKey } | undefined
  let opened: { sealed: string; secret: string } | undefined

  async function openSecret(sealed: string): Promise<string | undefined> {
    if (opened?.sealed === sealed) return opened.secret
    try {
      opened = { sealed, secret: await sealer.open(sealed, clientSecretRow) }
      return opened.secret
    } catch {
      log.error({}, "the client secret of the OpenID provider can't be opened with this master key")
      return undefined
    }
  }

  async function settings(): Promise<ProviderSettings | undefined> {
    const values: ProviderValues = (await stored?.()) ?? {}
    const clientSecret =
      values.clientSecret && environment.clientSecret === undefined
        ? await openSecret(values.clientSecret)
        : undefined
    return effectiveSettings(environment, { ...values, clientSecret })
  }

  async function requireSettings(): Promise<ProviderSettings> {
    const found = await settings()
    if (!found) throw providerError('auth.provider_not_configured')
    return found
  }

  /** Whatever is wrong with the provider is one thing to a caller; the log has the rest. */
  async function asking<Answer>(question: () => Promise<Answer>): Promise<Answer> {
    try {
      return await question()
    } catch (cause) {
      if (cause instanceof AppError || (cause as Error).name !== 'IntegrationError') throw cause
      throw providerError('auth.provider_unavailable', { cause, retryAfterSeconds: 5 })
    }
  }

  function metadataOf(issuer: string): Promise<ProviderMetadata> {
    if (described?.issuer !== issuer)
      described = { issuer, metadata: keep(() => discover(issuer), clock, metadataLimits) }
    const { metadata } = described
    return asking(() => metadata.get())
  }

  const keysOf = (issuer: string): JWTVerifyGetKey => {
    return async (header, token) => {
      const { jwks_uri: jwksUri } = await metadataOf(issuer)
      if (signing?.jwksUri !== jwksUri) signing = { jwksUri, keys: createKeys(jwksUri, clock) }
      const { keys } = signing
      return asking(async () => keys(header, token))
    }
  }

  // The environment wins value by value: where it names all of them, nothing that is set in the portal changes them.
  const trustByEnvironment: ProviderTrust | undefined = effectiveSettings(environment, {})

  return {
    settings,
    trust: async () => trustByEnvironment ?? settings(),
    requireSettings,
    metadata: async () => metadataOf((await requireSettings()).issuer),
    keys: async (header, token) => keysOf((await requireSettings()).issuer)(header, token),

    async verifyIdToken(token, nonce) {
      const { issuer, clientId } = await requireSettings()
      return verifyIdToken(token, { issuer, clientId, nonce, keys: keysOf(issuer), clock })
    },

    async userInfo(accessToken, subject) {
      const { issuer } = await requireSettings()
      const { userinfo_endpoint: endpoint } = await metadataOf(issuer)
      return endpoint ? asking(() => fetchUserInfo(endpoint, accessToken, subject)) : {}
    },
  }
}
