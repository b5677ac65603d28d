import type { AppError } from '#server/lib/errors'
import type { PlatformScope } from '#server/scope'
import { isUniqueViolation } from '#server/storage/database.errors'
import type { IdentityStatus, RegisterIdentity } from '#shared/contracts/machines'
import type { ClaimTokens } from './claim-tokens'
import { fingerprintOf } from './did'
import { identityError } from './identities.errors'
import type { ProvenKey } from './machine-callers'
import type { IdentityRow, RegistrationOrigin } from './machines.store'
import { proofError } from './proof.errors'
import type { Replay } from './replay'

/** What registering works with. */
export interface RegistrationMeans {
  claimTokens: Pick<ClaimTokens, 'issue'>
  replay: Replay
  config: { publicUrl: string }
}

/** What came of a registration. */
export interface Registered {
  handle: string
  status: IdentityStatus
  /** Whether the identity was made by it. */
  isNew: boolean
  claimUrl?: string
  claimExpiresAt?: Date
}

/**
 * Registers a key under a handle, or finds the identity that it registered before. While nobody has claimed that, each
 * time gives a new address to claim it by, and the one before is good for nothing; so may one ask again that was rejected.
 *
 * @param proven the key that signed the registration: nobody else is given an address to claim it by
 * @throws AppError pop.subject_wrong, pop.replayed (401); identity.handle_taken, identity.did_taken (409)
 */
export async function registerIdentity(
  scope: PlatformScope,
  means: RegistrationMeans,
  { proven, origin, ...named }: RegisterIdentity & { proven: ProvenKey; origin: RegistrationOrigin },
): Promise<Registered> {
  const { proof, identity } = proven
  if (proof.did !== named.did || proof.handle !== named.handle) throw proofError('pop.subject_wrong')
  const made = identity ? null : await register(scope, means.replay, { proven, origin })
  const id = made?.id ?? identity?.id
  const row = made ?? (id ? await askAgain(scope, id, origin) : await findRegistered(scope, proven))
  const { handle, status } = row
  const answer = { handle, status, isNew: made !== null }
  if (status !== 'pending') return answer
  const { token, expiresAt } = await means.claimTokens.issue(row.id)
  const claimUrl = `${means.config.publicUrl}/claims/${token}`
  return { ...answer, claimUrl, claimExpiresAt: expiresAt }
}

/** @returns null where the same pair was registered meanwhile */
async function register(
  scope: PlatformScope,
  replay: Replay,
  { proven: { proof }, origin }: { proven: ProvenKey; origin: RegistrationOrigin },
): Promise<IdentityRow | null> {
  const { did, handle } = proof
  const taken = await whatIsTaken(scope, proof)
  if (taken) throw taken
  await replay.mark(proof)
  try {
    return await scope.transaction(async (stores) => {
      const row = await stores.machines.register({ handle, did, ...origin })
      const subject = { kind: 'machine', id: row.id } as const
      const after = { handle, fingerprint: fingerprintOf(did), address: origin.address }
      await stores
        .auditAs({ kind: 'machine', id: row.id })
        .record({ action: 'identity.registered', subject, after })
      return row
    })
  } catch (error) {
    if (!isUniqueViolation(error)) throw error
    const meanwhile = await whatIsTaken(scope, proof)
    if (meanwhile) throw meanwhile
    return null
  }
}

/** What another identity has of a pair; null: none has any of it, or one has both. */
async function whatIsTaken(
  { stores: { machines } }: PlatformScope,
  { did, handle }: ProvenKey['proof'],
): Promise<AppError | null> {
  const holder = await machines.findByHandle(handle)
  if (holder && holder.did !== did) return identityError('identity.handle_taken')
  // Read after the handle: the same pair may have been registered between.
  const owner = holder ?? (await machines.findByDid(did))
  return owner && owner.handle !== handle ? identityError('identity.did_taken') : null
}

/** @throws AppError identity.revoked, where it was revoked since it was registered a moment ago */
async function findRegistered({ stores }: PlatformScope, { proof }: ProvenKey): Promise<IdentityRow> {
  const row = await stores.machines.findByDid(proof.did)
  if (!row || row.status === 'revoked') throw identityError('identity.revoked')
  return row
}

/** The identity as it is; one that was rejected asks anew. */
async function askAgain(scope: PlatformScope, id: string, origin: RegistrationOrigin): Promise<IdentityRow> {
  const row = await scope.transaction(async (stores) => {
    const found = await stores.machines.find(id)
    if (found?.status !== 'rejected' || !(await stores.machines.askAgain(id, origin))) return found
    const subject = { kind: 'machine', id } as const
    const record = { action: 'identity.asked_again', subject, after: { address: origin.address } }
    await stores.auditAs({ kind: 'machine', id }).record(record)
    return stores.machines.find(id)
  })
  if (!row || row.status === 'revoked') throw identityError('identity.revoked')
  return row
}
