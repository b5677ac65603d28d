import type { H3Event } from 'h3'
import { bearerError } from '#server/auth/bearer/bearer'
import { admitBearer, findBearerCaller } from '#server/auth/bearer/bearer-person'
import { apiTokenPrefix, findTokenCaller, noteTokenUse } from '#server/identities/token-caller'
import { withCredential } from './authorization'
import { deviceOf } from './device'

/** Form of a token in the header (RFC 6750 section 2.1). */
const credentials = /^Bearer +([A-Za-z0-9\-._~+/]+=*)$/i

/**
 * Finds out who calls with a token, from the database each time. What says in two ways who is calling is refused: a
 * token beside our cookie, and several tokens.
 *
 * @returns whether the request came with a token; its caller is null where nobody here has its identity
 * @throws AppError of server/auth/bearer, of `findTokenCaller`, with the challenge of RFC 6750 section 3
 */
export async function findBearer(event: H3Event): Promise<boolean> {
  return withCredential(event, 'Bearer', async (header) => {
    const { container, requestId } = event.context
    const token = credentials.exec(header)?.[1]
    if (!token) throw bearerError('auth.token_malformed')
    // No provider is asked about a token of our own making.
    if (token.startsWith(apiTokenPrefix)) return takeApiToken(event, token)
    const address = deviceOf(event).address ?? 'unknown'
    const verified = await container.bearer.verify(token, () => container.refusals.refuseInsistent(address))
    event.context.bearer = { token, verified }
    event.context.caller = await findBearerCaller(container.scopes.platform(requestId), verified)
  })
}

async function takeApiToken(event: H3Event, token: string): Promise<void> {
  const { container, requestId } = event.context
  const scope = container.scopes.platform(requestId)
  event.context.machine = undefined
  const { machine, useIsOld } = await findTokenCaller(scope, token)
  event.context.machine = machine
  if (useIsOld) container.errands.run('noting the use of a token', () => noteTokenUse(scope, machine.by.id))
}

/**
 * Makes the user of the request's token, or brings them up to date, where it came with one.
 *
 * @throws AppError auth.claims_invalid, auth.user_disabled, auth.email_taken
 */
export async function settleBearer(event: H3Event): Promise<void> {
  const { bearer, caller, container, requestId } = event.context
  if (!bearer) return
  const scope = container.scopes.platform(requestId)
  event.context.caller = await admitBearer(scope, container, { ...bearer, known: caller })
}
