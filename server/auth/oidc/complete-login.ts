import { addSeconds } from '#server/lib/clock'
import type { Log } from '#server/lib/log'
import type { PlatformScope } from '#server/scope'
import type { Sealer } from '#server/vault/seal'
import { admitPerson } from '../jit/admit-person'
import { readClaims, type PersonClaims } from '../jit/claims'
import { jitError } from '../jit/jit.errors'
import { linkIdentity } from '../jit/link-person'
import { toleranceSeconds } from '../provider/id-token'
import type { IdTokenClaims, Provider, ProviderSettings } from '../provider/provider'
import type { SessionLimits, StartedSession } from '../sessions/sessions'
import { beginSession } from '../sign-in/begin-session'
import type { SignInOrigin } from '../sign-in/sign-in'
import type { LoginFlow } from './login-flows'
import { oidcError } from './oidc.errors'

/** What the code was exchanged for. */
export interface ExchangedTokens {
  idToken: string
  accessToken: string
}

export interface OidcMeans {
  provider: Provider
  sessionLimits: SessionLimits
  /** For ID tokens, which are kept as the hint to log out by. */
  idTokenSealer: Sealer
  log: Log
}

/** A longer one would not fit into the address by which the provider is asked to log out. */
const longestHint = 4096

/**
 * Checks what the provider says of a person: the ID token, and userinfo for what that leaves out. Where both say
 * nothing of groups, or nothing that can be read, the person is in none.
 *
 * @throws AppError auth.id_token_refused, auth.login_not_fresh, auth.claims_invalid, auth.provider_unavailable,
 *   auth.provider_not_configured
 */
export async function verifyPerson(
  { provider, log }: Pick<OidcMeans, 'provider' | 'log'>,
  { idToken, accessToken }: ExchangedTokens,
  flow: Pick<LoginFlow, 'nonce' | 'fresh' | 'begunAt'>,
): Promise<{ claims: PersonClaims; proof: IdTokenClaims; settings: ProviderSettings }> {
  const proof = await provider.verifyIdToken(idToken, flow.nonce)
  const provenAt = proof.auth_time
  if (flow.fresh && !(typeof provenAt === 'number' && provenAt >= flow.begunAt - toleranceSeconds))
    throw oidcError('auth.login_not_fresh')
  const settings = await provider.requireSettings()
  const wanted = ['email', 'name', settings.groupsClaim]
  const isWhole = wanted.every((claim) => Object.hasOwn(proof, claim))
  const more = isWhole ? {} : await provider.userInfo(accessToken, proof.sub)
  const said = { ...more, ...proof }
  const { issuer, groupsClaim } = settings
  const ignored = (claim: string) => log.info({ issuer, claim }, 'a claim of a login could not be used')
  const claims = readClaims(said, { issuer, groupsClaim, ignored })
  // Many providers leave a claim out where there is nothing in it.
  const groups = claims.groups ?? (isKeptElsewhere(said, groupsClaim) ? null : [])
  return { claims: { ...claims, groups }, proof, settings }
}

/** Whether a claim has a value that is not in the token: a distributed one (OpenID Connect Core 1.0 section 5.6.2). */
function isKeptElsewhere({ _claim_names: names }: Record<string, unknown>, claim: string): boolean {
  return typeof names === 'object' && names !== null && Object.hasOwn(names, claim)
}

/**
 * Signs in whom the provider vouches for, and begins a new session in place of the browser's former one. Where somebody
 * who is signed in proves anew that it is them, nobody else is let in, and their session stays as it is.
 *
 * @throws AppError auth.login_other_person, beside those of `verifyPerson` and `admitPerson`
 */
export async function completeLogin(
  scope: PlatformScope,
  means: OidcMeans,
  tokens: ExchangedTokens,
  flow: LoginFlow,
  origin: SignInOrigin,
): Promise<StartedSession> {
  const { claims, proof, settings } = await verifyPerson(means, tokens, flow)
  if (flow.proves !== undefined) {
    const known = await scope.stores.identities.find(claims.issuer, claims.subject)
    if (known?.userId !== flow.proves) throw oidcError('auth.login_other_person')
  }
  const { user, identityId } = await admitPerson(scope, claims, settings)
  const isShort = tokens.idToken.length <= longestHint
  const idToken = isShort ? await means.idTokenSealer.seal(tokens.idToken, identityId) : undefined
  const begun = await scope.transaction((stores) =>
    beginSession({ ...scope, stores }, means.sessionLimits, user.id, origin, {
      method: 'oidc',
      provenAt: provenAtOf(proof, scope.clock.now()),
      identityId,
      providerSessionId: typeof proof.sid === 'string' && proof.sid.length <= 255 ? proof.sid : null,
      ...(idToken && { idToken }),
    }),
  )
  // Disabled between the admission and now.
  if (!begun) throw jitError('auth.user_disabled')
  return begun.session
}

/** When the person proved who they are: at the provider, which may have remembered them. */
function provenAtOf({ auth_time: at }: IdTokenClaims, now: Date): Date {
  return typeof at === 'number' && at * 1000 < now.getTime() ? addSeconds(new Date(0), at) : now
}

/**
 * Links the identity that the provider vouches for to the person who began this, in the session in which they did.
 *
 * @param session the one that comes back; null for nobody
 * @throws AppError auth.link_session_changed, auth.identity_taken, beside those of `verifyPerson`
 */
export async function completeLink(
  scope: PlatformScope,
  means: OidcMeans,
  tokens: ExchangedTokens,
  flow: LoginFlow,
  session: { userId: string; sessionId: string } | null,
): Promise<void> {
  const { link } = flow
  if (!link || session?.userId !== link.userId || session.sessionId !== link.sessionId)
    throw oidcError('auth.link_session_changed')
  const { claims } = await verifyPerson(means, tokens, flow)
  await linkIdentity(scope, link.userId, claims)
}
