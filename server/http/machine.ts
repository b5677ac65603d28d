import type { H3Event } from 'h3'
import { AppError } from '#server/lib/errors'
import type { KeyUse, ProvenKey } from '#server/identities/machine-callers'
import { proofError } from '#server/identities/proof'
import { withCredential } from './authorization'
import { readBodyBytes } from './body'

/** One compact JWS. */
const credentials = /^PoP +([\w-]+\.[\w-]+\.[\w-]+)$/i

/**
 * Finds out which machine calls, by its signature of this very request, from the database each time. Whose key may do
 * nothing yet is found too; `admit` lets it in where keys are let in on their own.
 *
 * @returns whether the request came with a proof
 * @throws AppError auth.ambiguous, pop.…, identity.revoked; request.too_large; cache.unavailable where nobody can say
 *   whether the proof was used before
 */
export async function findMachine(event: H3Event): Promise<boolean> {
  return withCredential(event, 'PoP', async (header) => {
    const { proofs, machineCallers } = event.context.container
    const jws = credentials.exec(header)?.[1]
    if (!jws) throw proofError('pop.malformed')
    const proof = await proofs.verify(jws, {
      method: event.context.sentMethod ?? event.method,
      target: signedTarget(event),
      body: () => readBodyBytes(event),
    })
    take(event, await machineCallers.find(proof, useOf(event)))
  })
}

/** Finds out whether the machine of a request that is long under way may still call; its proof was used up by it. */
export async function findMachineAgain(event: H3Event, { proof }: ProvenKey): Promise<void> {
  event.context.machine = undefined
  take(event, await event.context.container.machineCallers.findAgain(proof))
}

function take(event: H3Event, proven: ProvenKey): void {
  event.context.proven = proven
  event.context.machine = proven.standing instanceof AppError ? undefined : proven.standing
}

/** Path and query as a proof names them: those of the request line. */
export const signedTarget = (event: H3Event) => event.node.req.originalUrl ?? event.path

/** What a key is good for at the two routes of `server/api/identities` that are there for keys that act for nobody. */
function useOf(event: H3Event): KeyUse {
  const [path = ''] = event.path.split('?')
  if (event.method === 'POST' && path === '/api/identities') return 'register'
  if (event.method === 'GET' && /^\/api\/identities\/[^/]+$/.test(path)) return 'poll'
  return 'call'
}
