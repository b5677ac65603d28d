import type { AuthMode } from '#shared/contracts/common'
import { defineErrors } from '#server/lib/errors'
import type { PlatformScope } from '#server/scope'
import type { Provider } from '../provider/provider'

export const localSignInError = defineErrors({
  'auth.local_sign_in_off': { status: 403, title: 'People sign in at the identity provider here.' },
})

/** By what it is decided whether people may sign in by password or passkey. */
export interface LocalSignInMeans {
  config: { readonly authMode: AuthMode; readonly localSignIn: 'on' | undefined }
  provider: Provider
}

/**
 * Whether people may sign in here, by password or passkey. An operator can switch it off; that holds only as long as
 * some operator has an identity at the present provider, so that nobody is locked out, and LOCAL_SIGN_IN brings it
 * back in any case. Whether the provider can be reached makes no difference.
 */
export async function isLocalSignInOn(
  { stores }: Pick<PlatformScope, 'stores'>,
  { config, provider }: LocalSignInMeans,
): Promise<boolean> {
  if (config.authMode === 'oidc-only') return false
  if (config.localSignIn === 'on' || (await stores.settings.find('localSignIn')) !== false) return true
  const issuer = (await provider.settings())?.issuer
  return issuer === undefined || !(await stores.identities.hasOperator(issuer))
}

/** @throws AppError auth.local_sign_in_off */
export async function requireLocalSignIn(
  scope: Pick<PlatformScope, 'stores'>,
  means: LocalSignInMeans,
): Promise<void> {
  if (!(await isLocalSignInOn(scope, means))) throw localSignInError('auth.local_sign_in_off')
}
