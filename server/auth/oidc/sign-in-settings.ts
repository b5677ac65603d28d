import type { ProviderTest, SignInSettings, UpdateSignInSettings } from '#shared/contracts/sign-in-settings'
import { defineErrors, IntegrationError } from '#server/lib/errors'
import type { OperatorScope } from '#server/scope'
import type { Sealer } from '#server/vault/seal'
import { discover } from '../provider/discovery'
import { providerDefaults, sourceOf, type ProviderValues } from '../provider/provider-settings'
import { clientSecretRow, type StoredProviderValues } from '../provider/provider'
import { isLocalSignInOn, type LocalSignInMeans } from '../sign-in/local-sign-in'

const settingsError = defineErrors({
  'settings.locked': { status: 409, title: 'The environment of the server sets this.' },
  'settings.would_lock_out': { status: 409, title: 'No operator could sign in any more.' },
  'settings.provider_missing': { status: 409, title: 'No OpenID provider is configured.' },
})

export interface SignInSettingsMeans extends LocalSignInMeans {
  config: LocalSignInMeans['config'] & { readonly oidc: ProviderValues; readonly publicUrl: string }
  /** For the client secret. */
  settingsSealer: Sealer
}

type ValueName = Exclude<keyof UpdateSignInSettings, 'localSignIn'>
const valueNames = [
  'issuer',
  'clientId',
  'clientSecret',
  'scopes',
  'groupsClaim',
  'operatorGroup',
  'linkByEmail',
] as const satisfies ValueName[]

const storedValues = async ({ stores }: Pick<OperatorScope, 'stores'>, { config }: SignInSettingsMeans) =>
  config.authMode === 'oidc-only' ? {} : ((await stores.settings.find('oidc')) ?? {})

/** How people sign in, each value with its source. In oidc-only mode the settings are not read. */
export async function getSignInSettings(
  scope: OperatorScope,
  means: SignInSettingsMeans,
): Promise<SignInSettings> {
  const { config, provider } = means
  const { oidc } = config
  const stored: StoredProviderValues = await storedValues(scope, means)
  const shown = <Name extends ValueName, Default>(name: Name, fallback: Default) => ({
    value: oidc[name] ?? stored[name] ?? fallback,
    source: sourceOf(name, oidc, stored),
  })
  const issuer = (await provider.settings())?.issuer
  return {
    issuer: shown('issuer', null),
    clientId: shown('clientId', null),
    clientSecret: {
      value: (oidc.clientSecret ?? stored.clientSecret) !== undefined,
      source: sourceOf('clientSecret', oidc, stored),
    },
    scopes: listed(shown('scopes', providerDefaults.scopes)),
    groupsClaim: shown('groupsClaim', providerDefaults.groupsClaim),
    operatorGroup: shown('operatorGroup', providerDefaults.operatorGroup),
    linkByEmail: shown('linkByEmail', providerDefaults.linkByEmail),
    localSignIn: {
      value: await isLocalSignInOn(scope, means),
      source: config.localSignIn === 'on' || config.authMode === 'oidc-only' ? 'environment' : 'settings',
    },
    canSwitchLocalOff: issuer !== undefined && (await scope.stores.identities.hasOperator(issuer)),
    redirectUri: `${config.publicUrl}/auth/oidc/callback`,
  }
}

const listed = <Source>({ value, source }: { value: readonly string[]; source: Source }) => ({
  value: [...value],
  source,
})

/**
 * Changes how people sign in. A new issuer takes the stored client secret away, unless one comes with it: it was
 * another's.
 *
 * @throws AppError settings.locked, settings.would_lock_out, settings.provider_missing
 */
export async function updateSignInSettings(
  scope: OperatorScope,
  means: SignInSettingsMeans,
  { localSignIn, ...changes }: UpdateSignInSettings,
): Promise<SignInSettings> {
  const { config, provider, settingsSealer } = means
  const changed = valueNames.filter((name) => changes[name] !== undefined)
  const locked = changed.filter((name) => config.oidc[name] !== undefined)
  if (locked.length) throw settingsError('settings.locked', { detail: `It sets ${locked.join(', ')}.` })
  if (localSignIn !== undefined && config.localSignIn === 'on')
    throw settingsError('settings.locked', { detail: 'LOCAL_SIGN_IN is on.' })
  const sealed = changes.clientSecret
    ? await settingsSealer.seal(changes.clientSecret, clientSecretRow)
    : changes.clientSecret

  await scope.transaction(async ({ settings, audit }) => {
    if (changed.length === 0) return
    const before = (await settings.find('oidc')) ?? {}
    const isOtherIssuer = changes.issuer !== undefined && changes.issuer !== before.issuer
    const clientSecret = sealed === undefined && isOtherIssuer ? null : sealed
    const after = withChanges(before, { ...changes, clientSecret })
    await settings.set('oidc', after)
    await audit.record({
      action: 'settings.updated',
      subject: { kind: 'settings', id: 'oidc' },
      before: inAudit(before),
      after: inAudit(after, Boolean(clientSecret)),
    })
  })
  if (localSignIn !== undefined) {
    const issuer = (await provider.settings())?.issuer
    await scope.transaction(async ({ settings, identities, audit }) => {
      if (!localSignIn && issuer === undefined) throw settingsError('settings.provider_missing')
      if (!localSignIn && !(issuer && (await identities.hasOperator(issuer))))
        throw settingsError('settings.would_lock_out', {
          detail: 'An operator has to link their identity at the provider first, under Account.',
        })
      const before = await settings.find('localSignIn')
      await settings.set('localSignIn', localSignIn)
      await audit.record({
        action: 'settings.updated',
        subject: { kind: 'settings', id: 'localSignIn' },
        before: { localSignIn: before ?? true },
        after: { localSignIn },
      })
    })
  }
  return getSignInSettings(scope, means)
}

type Stored = NonNullable<Awaited<ReturnType<typeof storedValues>>>

function withChanges(before: Stored, changes: Omit<UpdateSignInSettings, 'localSignIn'>): Stored {
  const merged = Object.entries({ ...before, ...withoutAbsent(changes) })
  return Object.fromEntries(merged.filter(([, value]) => value !== null)) as Stored
}

const withoutAbsent = (values: object) =>
  Object.fromEntries(Object.entries(values).filter(([, value]) => value !== undefined))

/** Without the secret. */
const inAudit = ({ clientSecret, scopes, ...values }: Stored, isNew = false) => ({
  ...values,
  scopes: scopes?.join(' '),
  clientSecret: clientSecret === undefined ? undefined : isNew ? 'a new one' : 'one',
})

/** Asks a provider to describe itself, and says what is wrong. */
export async function testProvider(
  { provider }: SignInSettingsMeans,
  wanted?: string,
): Promise<ProviderTest> {
  const issuer = wanted ?? (await provider.settings())?.issuer
  if (issuer === undefined) throw settingsError('settings.provider_missing')
  try {
    const { end_session_endpoint: logout } = await discover(issuer)
    const rest = logout ? '' : ' It offers no logout: people stay signed in there when they sign out here.'
    return { ok: true, words: `The provider answers, and names itself as it should.${rest}` }
  } catch (error) {
    if (!(error instanceof IntegrationError)) throw error
    return { ok: false, words: error.message }
  }
}
