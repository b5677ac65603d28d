import type { AskedOf } from '#shared/contracts/second-factor'
import type { DatabaseClient } from '#server/storage/database'

export type RequirementStore = ReturnType<typeof requirementStore>

/** Users who are one of these. */
function being(roles: readonly AskedOf[]) {
  const inTenants = roles.flatMap((role) => (role === 'operator' ? [] : [role]))
  return {
    OR: [
      ...(roles.includes('operator') ? [{ platformRole: 'operator' as const }] : []),
      ...(inTenants.length ? [{ memberships: { some: { role: { in: inTenants } } } }] : []),
    ],
  }
}

/**
 * Of whom a second factor is asked, and what that does to sessions. Sessions that an OpenID provider vouches for are
 * exempt: which factors it wants is its own policy.
 *
 * @param askedOf reads the setting; undefined where there are no local accounts, and nothing is asked
 */
export function requirementStore(
  db: DatabaseClient,
  askedOf: (() => Promise<readonly AskedOf[] | undefined>) | undefined,
) {
  const rolesAsked = async () => (await askedOf?.()) ?? []
  return {
    /** Whether a second factor is asked of a user, by what they are at present. */
    async isAskedOf(userId: string): Promise<boolean> {
      const roles = await rolesAsked()
      return roles.length > 0 && (await db.user.count({ where: { id: userId, ...being(roles) } })) > 0
    },

    /**
     * Restricts the sessions that lack a second factor which is asked of their user, and frees the others; to be called
     * in the transaction that changes the setting or somebody's roles.
     *
     * @param userId whose; undefined: everybody's
     */
    async apply(userId?: string): Promise<void> {
      if (!askedOf) return
      const roles = await rolesAsked()
      const theirs = userId === undefined ? {} : { userId }
      if (roles.length) {
        const lacking = {
          ...theirs,
          method: { not: 'oidc' as const },
          secondFactor: false,
          restricted: false,
        }
        const where = { ...lacking, user: being(roles) }
        await db.session.updateMany({ where, data: { restricted: true } })
      }
      const free = roles.length ? { user: { NOT: being(roles) } } : {}
      await db.session.updateMany({
        where: { ...theirs, restricted: true, ...free },
        data: { restricted: false },
      })
    },
  }
}
