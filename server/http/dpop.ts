import type { H3Event } from 'h3'
import { bearerError } from '#server/auth/bearer/bearer'
import { findBearerCaller } from '#server/auth/bearer/bearer-person'
import { dpopError, verifyDpop } from '#server/auth/bearer/dpop'
import { withCredential } from './authorization'
import { deviceOf } from './device'
import { signedTarget } from './machine'

/** Form of a token in the header (RFC 9449 section 7.1). */
const credentials = /^DPoP +([A-Za-z0-9\-._~+/]+=*)$/i

/**
 * Finds out who calls with an access token that is bound to a key, and the proof of that key (RFC 9449 section 7).
 *
 * @returns whether the request came with such a token; its caller is null where nobody here has its identity
 * @throws AppError of server/auth/bearer; cache.unavailable where nobody can say whether the proof was used before
 */
export async function findBound(event: H3Event): Promise<boolean> {
  return withCredential(event, 'DPoP', async (header) => {
    const { container } = event.context
    const token = credentials.exec(header)?.[1]
    if (!token) throw bearerError('auth.token_malformed')
    const now = container.clock.now().getTime() / 1000
    const proof = await verifyDpop(proofOf(event), requestOf(event, token), now)
    await takeBound(event, { token, boundTo: proof.keyThumbprint }, async () => {
      if (!(await container.replay.isFirst(proof))) throw dpopError('dpop.replayed')
    })
  })
}

/** Finds out who calls with the token of a request that is long under way; its proof was used up by it. */
export function findBoundAgain(event: H3Event, bearer: { token: string; boundTo: string }): Promise<void> {
  return takeBound(event, bearer, () => Promise.resolve())
}

/** @param useProof once the token is known to hold, so that strangers' proofs leave nothing behind */
async function takeBound(
  event: H3Event,
  { token, boundTo }: { token: string; boundTo: string },
  useProof: () => Promise<void>,
): Promise<void> {
  const { container, requestId } = event.context
  const address = deviceOf(event).address ?? 'unknown'
  const beforeAsking = () => container.refusals.refuseInsistent(address)
  const verified = await container.bearer.verify(token, beforeAsking, boundTo)
  await useProof()
  event.context.bearer = { token, verified, boundTo }
  event.context.caller = await findBearerCaller(container.scopes.platform(requestId), verified)
}

function proofOf(event: H3Event): string {
  const { headers, headersDistinct } = event.node.req
  const given = headersDistinct?.dpop ?? [headers.dpop ?? []].flat()
  const [proof = '', ...more] = given
  if (proof === '') throw dpopError('dpop.missing')
  if (more.length > 0) throw dpopError('dpop.malformed', { detail: 'There are several DPoP headers.' })
  return proof.trim()
}

const requestOf = (event: H3Event, token: string) => ({
  method: event.context.sentMethod ?? event.method,
  uri: event.context.container.config.publicUrl + signedTarget(event),
  token,
})
