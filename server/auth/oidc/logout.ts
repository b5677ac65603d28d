import { sha256 } from '#server/lib/ids'
import type { Log } from '#server/lib/log'
import type { PlatformScope } from '#server/scope'
import type { Sealer } from '#server/vault/seal'
import type { Provider } from '../provider/provider'
import type { Attempts } from '../sign-in/attempts'
import { signOut } from '../sign-in/sign-in'

interface LogoutMeans {
  provider: Provider
  idTokenSealer: Sealer
  attempts: Pick<Attempts, 'count'>
  log: Log
  /** PUBLIC_URL */
  publicUrl: string
}

/**
 * Ends the session of a token, if there is one; if not, it counts as a failed sign-in. Whoever has a session can always
 * end it, whatever others at their address did.
 *
 * @param from.address where it comes from
 * @returns where the provider ends its own (OpenID Connect RP-Initiated Logout 1.0), where the session came from it
 *   and it can be asked; a provider that is away does not keep anybody signed in here
 * @throws AppError rate.limited
 */
export async function logOut(
  scope: PlatformScope,
  means: LogoutMeans,
  token: string,
  from: { address: string | null },
): Promise<string | undefined> {
  const hint = await scope.stores.sessions.findLogoutHint(sha256(token))
  if (!(await signOut(scope, token))) await means.attempts.count('address', from.address ?? 'unknown')
  if (!hint) return undefined
  try {
    return await endSessionAddress(means, hint)
  } catch (error) {
    means.log.warn({ err: error }, 'the OpenID provider was not asked to log out')
    return undefined
  }
}

type LogoutHint = { issuer: string; identityId: string; idToken: string | null }

async function endSessionAddress(
  { provider, idTokenSealer, publicUrl }: LogoutMeans,
  hint: LogoutHint,
): Promise<string | undefined> {
  const settings = await provider.settings()
  // Nobody else is told of a session at another provider.
  if (!settings || settings.issuer !== hint.issuer) return undefined
  const { end_session_endpoint: endpoint } = await provider.metadata()
  if (!endpoint) return undefined
  const address = new URL(endpoint)
  address.searchParams.set('client_id', settings.clientId)
  address.searchParams.set('post_logout_redirect_uri', `${publicUrl}/login`)
  if (hint.idToken)
    address.searchParams.set('id_token_hint', await idTokenSealer.open(hint.idToken, hint.identityId))
  return address.href
}
