import { jwtVerify, type JWTPayload } from 'jose'
import { z } from 'zod'
import { AppError } from '#server/lib/errors'
import { sha256 } from '#server/lib/ids'
import type { PlatformScope } from '#server/scope'
import type { Cache } from '#server/storage/cache'
import { signatureAlgorithms, toleranceSeconds } from '../provider/id-token'
import type { Provider } from '../provider/provider'
import { oidcError } from './oidc.errors'

const logoutEvent = 'http://schemas.openid.net/event/backchannel-logout'
/** A provider sends it at once. */
const oldestSeconds = 300

/** Of OpenID Connect Back-Channel Logout 1.0 section 2.4. */
const LogoutClaims = z
  .object({
    iss: z.string(),
    jti: z.string().min(1).max(500),
    sub: z.string().min(1).max(255).optional(),
    sid: z.string().min(1).max(255).optional(),
    events: z.object({ [logoutEvent]: z.looseObject({}) }),
    nonce: z.undefined().optional(),
  })
  .refine(({ sub, sid }) => sub !== undefined || sid !== undefined, 'names neither a person nor a session')

/**
 * Ends the sessions that a logout token of the provider names: those of its `sid`, or all that the provider vouched
 * for of its `sub`. Each token is taken once, on whatever replica.
 *
 * @throws AppError auth.logout_token_invalid, auth.provider_unavailable, auth.provider_not_configured
 */
export async function logOutFromProvider(
  scope: PlatformScope,
  { provider, cache }: { provider: Provider; cache: Cache },
  token: string,
): Promise<void> {
  const { iss, sub, sid, jti } = await verifyLogoutToken(scope, provider, token)
  const mark = `oidc:jti:${sha256(`${iss} ${jti}`)}`
  const isNew = await cache.setIfAbsent(mark, '1', oldestSeconds + 2 * toleranceSeconds)
  if (!isNew) throw oidcError('auth.logout_token_invalid', { detail: 'It was used before.' })
  try {
    await scope.transaction(async (stores) => {
      const ended = await stores.sessions.endByProvider({ issuer: iss, subject: sub, providerSessionId: sid })
      for (const [userId, count] of ended)
        await stores.audit.record({
          action: 'session.ended_by_provider',
          subject: { kind: 'user', id: userId },
          after: { issuer: iss, count },
        })
    })
  } catch (error) {
    // Nothing was ended: the provider may send it again.
    await cache.delete(mark)
    throw error
  }
}

async function verifyLogoutToken(scope: PlatformScope, provider: Provider, token: string) {
  const { issuer, clientId } = await provider.requireSettings()
  let payload: JWTPayload
  try {
    const verified = await jwtVerify(token, provider.keys, {
      issuer,
      audience: clientId,
      algorithms: signatureAlgorithms,
      clockTolerance: toleranceSeconds,
      currentDate: scope.clock.now(),
      maxTokenAge: oldestSeconds,
      requiredClaims: ['iat', 'jti', 'events'],
    })
    payload = verified.payload
    // Recommended, and not yet required: what names another type is another token.
    const type = verified.protectedHeader.typ?.toLowerCase().replace(/^application\//, '')
    if (type !== undefined && !['logout+jwt', 'jwt'].includes(type)) throw new Error(`typ is ${type}`)
  } catch (cause) {
    if (cause instanceof AppError) throw cause
    throw oidcError('auth.logout_token_invalid', { cause })
  }
  const { data, error } = LogoutClaims.safeParse(payload)
  if (!data) throw oidcError('auth.logout_token_invalid', { cause: error })
  return data
}
