import { sha256 } from '#server/lib/ids'
import type { Log } from '#server/lib/log'
import type { Caller, PlatformScope } from '#server/scope'
import { isCacheUnavailable, type Cache } from '#server/storage/cache'
import { admitPerson } from '../jit/admit-person'
import { readClaims } from '../jit/claims'
import type { Provider } from '../provider/provider'
import type { VerifiedToken } from './access-token'
import { bearerError } from './bearer.errors'

/** How long the same token does not bring a person up to date again. */
const settledSeconds = 300

/** How long userinfo is waited for: it only adds to what the token says. */
const patienceMilliseconds = 2_000

/**
 * The caller whom a verified token stands for: one reading, on every request.
 *
 * @returns null where nobody here has this identity
 * @throws AppError auth.user_disabled
 */
export async function findBearerCaller(scope: PlatformScope, token: VerifiedToken): Promise<Caller | null> {
  const user = await scope.stores.identities.findCaller(token.issuer, token.subject)
  if (!user || user.status === 'deleted') return null
  if (user.status !== 'active') throw bearerError('auth.user_disabled')
  return { userId: user.id, platformRole: user.platformRole, session: null }
}

/** What bringing a person up to date works with. */
export interface BearerMeans {
  provider: Pick<Provider, 'settings' | 'metadata' | 'userInfo'>
  cache: Cache
  log: Log
}

/**
 * Makes the user of a token that comes for the first time, and brings a user up to date with what the token and
 * userinfo say; once for a token in five minutes.
 *
 * @param known the caller, where there is one already
 * @throws AppError auth.claims_invalid, auth.user_disabled, auth.email_taken
 */
export async function admitBearer(
  scope: PlatformScope,
  means: BearerMeans,
  { token, verified, known }: { token: string; verified: VerifiedToken; known: Caller | null },
): Promise<Caller> {
  const key = `bearer-settled:${sha256(token)}`
  if (known && (await orNothing(means.cache.get(key))) !== null) return known
  const settings = await means.provider.settings()
  if (settings?.issuer !== verified.issuer) throw bearerError('auth.token_issuer')
  const { issuer, groupsClaim } = settings
  const payload = await withUserInfo(means, token, verified, groupsClaim)
  const ignored: string[] = []
  const claims = readClaims(payload, { issuer, groupsClaim, ignored: (claim) => ignored.push(claim) })
  if (ignored.length > 0)
    means.log.warn({ requestId: scope.requestId, claims: ignored }, 'claims were left out')
  // A login knows the whole name; what an access token has in its place does not replace it.
  const name = known && typeof payload.name !== 'string' ? null : claims.name
  const { user } = await admitPerson(scope, { ...claims, name }, settings)
  const leftSeconds = verified.expiresAt - scope.clock.now().getTime() / 1000
  if (leftSeconds >= 1)
    await orNothing(means.cache.set(key, '1', Math.min(settledSeconds, Math.floor(leftSeconds))))
  return { userId: user.id, platformRole: user.platformRole, session: null }
}

/** Without the cache a person is brought up to date more often than they have to be. */
async function orNothing<Value>(asked: Promise<Value>): Promise<Value | null> {
  return asked.catch((error: unknown) => {
    if (isCacheUnavailable(error)) return null
    throw error
  })
}

/** The token's claims, with those of userinfo where the token lacks what a person is known by. */
async function withUserInfo(
  { provider, log }: BearerMeans,
  token: string,
  { claims, subject }: VerifiedToken,
  groupsClaim: string,
): Promise<Record<string, unknown>> {
  // The provider would want a proof by the caller's own key.
  if (claims.cnf !== undefined && claims.cnf !== null) return claims
  if (['name', 'email', groupsClaim].every((claim) => claims[claim] !== undefined)) return claims
  try {
    const asked = provider.userInfo(token, subject)
    return { ...(await within(patienceMilliseconds, asked)), ...claims }
  } catch (error) {
    log.info({ reason: error instanceof Error ? error.message : 'unknown' }, 'userinfo said nothing')
    return claims
  }
}

async function within<Value>(milliseconds: number, work: Promise<Value>): Promise<Value> {
  let timer: NodeJS.Timeout | undefined
  const late = new Promise<never>((_, reject) => {
    timer = setTimeout(() => reject(new Error('It did not answer in time')), milliseconds)
  })
  return Promise.race([work, late]).finally(() => clearTimeout(timer))
}
