import type { Clock } from '#server/lib/clock'
import { AppError } from '#server/lib/errors'
import type { Errands } from '#server/lib/errands'
import type { Machine } from '#server/scope'
import type { IdentityStatus } from '#shared/contracts/machines'
import { identityError } from './identities.errors'
import type { ActingIdentity, MachinesStore } from './machines.store'
import { isUseOld } from './noted-use'
import type { Proof } from './proof'
import { proofError } from './proof.errors'
import type { Replay } from './replay'
import { standingOf } from './standing'

export { identityError } from './identities.errors'

/** A key that has signed a request, and what is known of it. */
export interface ProvenKey {
  readonly proof: Proof
  /** The identity whose key it is; null where it is about to be registered. */
  readonly identity: { readonly id: string; readonly status: IdentityStatus } | null
  /** For whom it acts, or why for nobody (403). */
  readonly standing: Machine | AppError
}

/** What a key may be on its own, beside a caller: `register`: any key at all; `poll`: that of a revoked identity too. */
export type KeyUse = 'call' | 'register' | 'poll'

/** Finds whose a proof is, in the database each time: nothing of it outlives a request. */
export interface MachineCallers {
  /**
   * Finds the identity of a proof, uses the proof up, and finds for whom it acts. A key that may yet be registered is
   * not marked as used here, but where it is.
   *
   * @throws AppError pop.identity_unknown, pop.subject_wrong, identity.revoked, pop.replayed; CacheUnavailable
   */
  find(proof: Proof, use: KeyUse): Promise<ProvenKey>
  /** What the identity of a request that is long under way is by now. @throws the same, but for replays */
  findAgain(proof: Proof): Promise<ProvenKey>
}

export function createMachineCallers(
  store: { findActing(did: string): Promise<ActingIdentity | null> } & Pick<MachinesStore, 'noteUse'>,
  { replay, errands, clock }: { replay: Replay; errands: Errands; clock: Clock },
): MachineCallers {
  async function findOwn(proof: Proof, use: KeyUse): Promise<ActingIdentity | null> {
    const identity = await store.findActing(proof.did)
    const isOwn = identity?.handle === proof.handle
    if (use === 'register' && !isOwn) return null
    if (!identity) throw proofError('pop.identity_unknown')
    if (!isOwn) throw proofError('pop.subject_wrong')
    if (identity.status === 'revoked' && use !== 'poll') throw identityError('identity.revoked')
    return identity
  }
  return {
    async find(proof, use) {
      const identity = await findOwn(proof, use)
      if (!identity) return { proof, identity: null, standing: identityError('identity.unclaimed') }
      await replay.mark(proof)
      const { id, lastUsedAt } = identity
      if (isUseOld(lastUsedAt, clock.now()))
        errands.run('noting the use of an identity', () => store.noteUse(id))
      return provenOf(proof, identity)
    },
    async findAgain(proof) {
      const identity = await findOwn(proof, 'call')
      if (!identity) throw proofError('pop.identity_unknown')
      return provenOf(proof, identity)
    },
  }
}

function provenOf(proof: Proof, identity: ActingIdentity): ProvenKey {
  const { id, status } = identity
  return { proof, identity: { id, status }, standing: machineOrRefusal(identity) }
}

function machineOrRefusal({ id, handle, did, status, principal }: ActingIdentity): Machine | AppError {
  if (status !== 'claimed') return identityError('identity.unclaimed')
  try {
    return { by: { kind: 'machine', id, handle, did }, ...standingOf(principal) }
  } catch (error) {
    if (error instanceof AppError) return error
    throw error
  }
}
