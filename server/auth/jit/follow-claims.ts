import type { UserRow } from '#server/domain/users/users'
import { addSeconds, type Clock } from '#server/lib/clock'
import type { PlatformStores } from '#server/scope'
import type { PersonClaims } from './claims'
import type { IdentityWithUser } from './identities.store'

/** How long a use may go unnoted, so that reading one's own user does not write each time. */
const noteAfterSeconds = 60

/** The fields of a user that the provider decides. */
const claimed = ({ email, emailVerified, name, picture, locale }: UserRow) => ({
  ...{ email, emailVerified },
  ...{ name, picture, locale },
})

/**
 * Brings a user up to date with what the provider says; what it does not say stays. An address that another user has
 * by now is not taken: the user keeps the former one. One that the provider did not verify is followed, and known as
 * such. Within a transaction; writes only what differs.
 *
 * @returns the user as it is now
 */
export async function followClaims(
  stores: PlatformStores,
  clock: Clock,
  { user, ...identity }: IdentityWithUser,
  claims: PersonClaims,
): Promise<UserRow> {
  const claimsAnew = identity.email !== claims.email || identity.emailVerified !== claims.emailVerified
  const longAgo = addSeconds(identity.lastUsedAt, noteAfterSeconds) <= clock.now()
  if (claimsAnew || longAgo) await stores.identities.noteUse(identity.id, knownOf(identity, claims))

  const email = await emailToFollow(stores, user, identity, claims)
  const wanted = {
    ...addressOf(user, email, claims),
    name: claims.name ?? user.name,
    picture: claims.picture ?? user.picture,
    locale: claims.locale ?? user.locale,
  }
  const before = claimed(user)
  const fields = Object.keys(wanted) as (keyof typeof wanted)[]
  if (fields.every((field) => wanted[field] === before[field])) return user
  const after = await stores.users.update(user.id, wanted)
  if (!after) throw new Error(`User ${user.id} is gone within a transaction`)
  await stores.audit.record({
    action: 'user.claims_followed',
    subject: { kind: 'user', id: user.id },
    before,
    after: claimed(after),
  })
  return after
}

/** The address, with whether it is known to be theirs: one that is, stays so, and another has to be verified itself. */
function addressOf(user: UserRow, followed: string | null, claims: PersonClaims) {
  if (followed !== null) return { email: followed, emailVerified: claims.emailVerified }
  const isVerifiedNow = claims.email !== null && claims.email === user.email && claims.emailVerified
  return { email: user.email, emailVerified: user.emailVerified || isVerifiedNow }
}

/** A token that says nothing of the address leaves what was known. */
function knownOf(identity: { email: string | null; emailVerified: boolean }, claims: PersonClaims) {
  return claims.email === null ? identity : claims
}

async function emailToFollow(
  stores: PlatformStores,
  user: UserRow,
  identity: { email: string | null },
  { email }: PersonClaims,
): Promise<string | null> {
  if (email === null || email === user.email) return null
  const holder = await stores.users.findByEmail(email)
  if (!holder) return email
  // Said once for each address that is claimed, not at each login.
  if (identity.email !== email)
    await stores.audit.record({
      action: 'user.email_kept',
      subject: { kind: 'user', id: user.id },
      after: { claimed: email, holder: holder.id },
    })
  return null
}
