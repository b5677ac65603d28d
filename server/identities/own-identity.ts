import type { PlatformScope } from '#server/scope'
import { isUniqueViolation } from '#server/storage/database.errors'
import type { RotateIdentityKey } from '#shared/contracts/machines'
import { AppError } from '#server/lib/errors'
import { fingerprintOf } from './did'
import { identityError } from './identities.errors'
import type { ProvenKey } from './machine-callers'
import { proofError, type Proof, type Proofs } from './proof'
import type { Replay } from './replay'

/** The identity of a key that asks in its own name, and under no other. @throws AppError pop.subject_wrong, pop.identity_unknown */
function ownId({ proof, identity }: ProvenKey, handle: string): string {
  if (proof.handle !== handle) throw proofError('pop.subject_wrong')
  if (!identity) throw proofError('pop.identity_unknown')
  return identity.id
}

/**
 * What an identity sees of itself, whatever has become of it.
 *
 * @throws AppError pop.subject_wrong (401) where the path names another
 */
export async function getOwnIdentity({ stores }: PlatformScope, proven: ProvenKey, named: string) {
  const id = ownId(proven, named)
  const row = await stores.machines.find(id)
  if (!row) throw proofError('pop.identity_unknown')
  const { handle, did, status, rotationAsked } = row
  const place = status === 'claimed' ? await stores.machines.findPlace(id) : null
  return { handle, did, status, rotationAsked, ...place }
}

/**
 * Puts another key in place of the one that signs, which is good for nothing from then on.
 *
 * @param request the call's own path: the new key signs the same call, with the digest of no body
 * @throws AppError pop.subject_wrong, pop.replayed (401), pop.new_key_unproven (422), identity.did_taken (409)
 */
export async function rotateKey(
  scope: PlatformScope,
  { proofs, replay }: { proofs: Proofs; replay: Replay },
  {
    proven,
    handle,
    target,
    did,
    proof,
  }: RotateIdentityKey & { proven: ProvenKey; handle: string; target: string },
) {
  const id = ownId(proven, handle)
  const signed = await verifyNewKey(proofs, proof, target)
  if (signed.did !== did || signed.handle !== handle)
    throw unproven('It is not signed with that key, in that name.')
  const { did: from } = proven.proof
  if (did === from) throw unproven('It is the key that it has.')
  if (await scope.stores.machines.findByDid(did)) throw identityError('identity.did_taken')
  await replay.mark(signed)
  try {
    await scope.transaction(async (stores) => {
      if (!(await stores.machines.changeKey(id, { from, to: did }))) throw proofError('pop.identity_unknown')
      const subject = { kind: 'machine', id } as const
      const change = {
        before: { fingerprint: fingerprintOf(from) },
        after: { fingerprint: fingerprintOf(did) },
      }
      const audit = auditOf(stores, proven, id)
      await audit.record({ action: 'identity.key_changed', subject, ...change })
    })
  } catch (error) {
    throw isUniqueViolation(error) ? identityError('identity.did_taken') : error
  }
  return getOwnIdentity(scope, proven, handle)
}

/**
 * Takes everything from the identity whose key signs, at its own wish; for good.
 *
 * @throws AppError pop.subject_wrong (401) where the path names another
 */
export async function giveUpIdentity(scope: PlatformScope, proven: ProvenKey, named: string): Promise<void> {
  const id = ownId(proven, named)
  await scope.transaction(async (stores) => {
    if (!(await stores.machines.revoke(id))) return
    const subject = { kind: 'machine', id } as const
    const after = { status: 'revoked', by: 'itself' }
    await auditOf(stores, proven, id).record({ action: 'identity.revoked', subject, after })
  })
}

/** The audit of the tenant that it acts in, or the platform's. */
function auditOf(stores: PlatformScope['stores'], { standing }: ProvenKey, id: string) {
  const actor = { kind: 'machine', id } as const
  return standing instanceof AppError
    ? stores.auditAs(actor)
    : stores.ofTenant(standing.tenant.id, actor).audit
}

async function verifyNewKey(proofs: Proofs, proof: string, target: string): Promise<Proof> {
  const body = () => Promise.resolve(new Uint8Array())
  try {
    return await proofs.verify(proof, { method: 'POST', target, body })
  } catch (error) {
    if (error instanceof AppError) throw unproven(`${error.title} (${error.code})`)
    throw error
  }
}

const unproven = (detail: string) => proofError('pop.new_key_unproven', { detail })
