import { addSeconds } from '#server/lib/clock'
import type { Caller } from '#server/scope'
import type { Access } from './access'
import { httpError } from './http.errors'

/** How long a proof of who somebody is counts for changes that matter. */
export const proofSeconds = 600

/**
 * Refuses a session that may do nothing but set up a second factor, before anything is looked up for it.
 *
 * @throws AppError auth.second_factor_required
 */
export function refuseRestricted(
  caller: Caller | null,
  { access, whileRestricted }: { access: Access; whileRestricted?: true },
): void {
  if (!caller?.session?.restricted || whileRestricted) return
  if (access.kind === 'anyone' || access.kind === 'entry') return
  throw httpError('auth.second_factor_required')
}

/**
 * Refuses a session whose person has not proved lately who they are: a browser may stand open for days. A token lives
 * for minutes and no other site or passer-by can use it, so whoever comes with one is not asked; what only a session
 * may do says so by its access.
 *
 * @throws AppError auth.step_up_required
 */
export function refuseStaleProof(caller: Caller | null, now: Date): void {
  if (caller && !caller.session) return
  const provenAt = caller?.session?.provenAt
  if (provenAt && addSeconds(provenAt, proofSeconds) > now) return
  throw httpError('auth.step_up_required')
}
