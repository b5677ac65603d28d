import type { OtherWays } from '#server/auth/oidc/own-identities'
import { isLocalSignInOn } from '#server/auth/sign-in/local-sign-in'
import type { Container } from '#server/container'

/** What lets people in at present, beside an identity of theirs. */
export async function otherWays(container: Container, requestId: string): Promise<OtherWays> {
  return {
    issuer: (await container.provider.settings())?.issuer,
    localSignIn: await isLocalSignInOn(container.scopes.platform(requestId), container),
  }
}
