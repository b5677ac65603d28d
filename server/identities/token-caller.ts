import { sha256 } from '#server/lib/ids'
import type { Machine, PlatformScope } from '#server/scope'
import { apiTokenError } from './identities.errors'
import { isUseOld } from './noted-use'
import { standingOf } from './standing'
import { isWellFormed } from './token-format'

export { apiTokenPrefix } from './token-format'

/** A script with an API token. */
export interface TokenCaller {
  machine: Machine
  /** Whether its use is to be written down. */
  useIsOld: boolean
}

/**
 * Finds for whom an API token stands, from the database each time.
 *
 * @throws AppError token.unknown, token.revoked, token.expired (401); those of `standingOf` (403)
 */
export async function findTokenCaller({ stores, clock }: PlatformScope, token: string): Promise<TokenCaller> {
  if (!isWellFormed(token)) throw apiTokenError('token.unknown')
  const found = await stores.apiTokens.findActing(sha256(token))
  if (!found) throw apiTokenError('token.unknown')
  const { id, name, expiresAt, lastUsedAt, revokedAt, principal } = found
  const now = clock.now()
  if (revokedAt) throw apiTokenError('token.revoked')
  if (expiresAt && expiresAt <= now) throw apiTokenError('token.expired')
  return {
    machine: { by: { kind: 'token', id, name }, ...standingOf(principal) },
    useIsOld: isUseOld(lastUsedAt, now),
  }
}

/** Notes that a token was used. */
export const noteTokenUse = ({ stores }: PlatformScope, id: string) => stores.apiTokens.noteUse(id)
