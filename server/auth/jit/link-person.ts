import type { PlatformScope } from '#server/scope'
import { isUniqueViolation } from '#server/storage/database.errors'
import type { PersonClaims } from './claims'
import { jitError } from './jit.errors'

/**
 * Links an identity to a user who is signed in and has just proved it at the provider. Nothing else of the user
 * changes before the next login by it. Repeating it changes nothing.
 *
 * @returns the identity's id
 * @throws AppError auth.identity_taken (409), auth.user_disabled (403)
 */
export async function linkIdentity(
  scope: PlatformScope,
  userId: string,
  claims: PersonClaims,
): Promise<{ identityId: string }> {
  try {
    return await scope.transaction(async (stores) => {
      const user = await stores.users.find(userId)
      if (user?.status !== 'active') throw jitError('auth.user_disabled')
      const known = await stores.identities.find(claims.issuer, claims.subject)
      if (known?.userId === userId) return { identityId: known.id }
      if (known && known.user.status !== 'deleted') throw jitError('auth.identity_taken')
      if (known) await stores.identities.remove(known.id)
      const { id } = await stores.identities.create(userId, claims)
      await stores.auditAs({ kind: 'user', id: userId }).record({
        action: 'identity.linked',
        subject: { kind: 'user', id: userId },
        after: { issuer: claims.issuer, subject: claims.subject, by: 'hand' },
      })
      return { identityId: id }
    })
  } catch (error) {
    // Linked elsewhere in the same moment, or here twice.
    if (!isUniqueViolation(error)) throw error
    const known = await scope.stores.identities.find(claims.issuer, claims.subject)
    if (known?.userId === userId) return { identityId: known.id }
    throw jitError('auth.identity_taken')
  }
}
