/** What the provider is used with. */
export interface ProviderSettings {
  issuer: string
  clientId: string
  clientSecret: string
  scopes: string[]
  groupsClaim: string
  operatorGroup: string
  linkByEmail: boolean
  audiences: string[]
  introspection: boolean
}

/** What one source says, value by value: undefined where it says nothing. */
export type ProviderValues = {
  readonly [Name in keyof ProviderSettings]?:
    (ProviderSettings[Name] extends string[] ? readonly string[] : ProviderSettings[Name]) | undefined
}

export const providerDefaults = {
  scopes: ['openid', 'profile', 'email', 'groups'],
  groupsClaim: 'groups',
  operatorGroup: 'tenantry-operators',
  linkByEmail: false,
  introspection: false,
} as const satisfies ProviderValues

/** Where a value comes from. */
export type ProviderSource = 'environment' | 'settings' | 'default'

/** The source that holds for a value, the environment before the settings before the default. */
export function sourceOf(
  name: keyof ProviderSettings,
  environment: ProviderValues,
  stored: ProviderValues,
): ProviderSource {
  if (environment[name] !== undefined) return 'environment'
  return stored[name] === undefined ? 'default' : 'settings'
}

/** The settings that hold. @returns undefined where issuer, client or secret are given by no source */
export function effectiveSettings(
  environment: ProviderValues,
  stored: ProviderValues,
): ProviderSettings | undefined {
  const pick = <Name extends keyof ProviderSettings>(name: Name) => environment[name] ?? stored[name]
  const [issuer, clientId, clientSecret] = [pick('issuer'), pick('clientId'), pick('clientSecret')]
  if (!issuer || !clientId || !clientSecret) return undefined
  return {
    issuer,
    clientId,
    clientSecret,
    scopes: [...(pick('scopes') ?? providerDefaults.scopes)],
    groupsClaim: pick('groupsClaim') ?? providerDefaults.groupsClaim,
    operatorGroup: pick('operatorGroup') ?? providerDefaults.operatorGroup,
    linkByEmail: pick('linkByEmail') ?? providerDefaults.linkByEmail,
    audiences: [...(pick('audiences') ?? [clientId])],
    introspection: pick('introspection') ?? providerDefaults.introspection,
  }
}
