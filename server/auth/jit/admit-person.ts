import type { UserRow } from '#server/domain/users/users'
import type { PlatformScope, PlatformStores } from '#server/scope'
import { isUniqueViolation } from '#server/storage/database.errors'
import type { PersonClaims } from './claims'
import { followClaims } from './follow-claims'
import { followGroups, followOperatorGroup, mostChanges } from './follow-groups'
import { jitError } from './jit.errors'

export interface AdmissionRules {
  /** OIDC_LINK_BY_EMAIL */
  linkByEmail: boolean
  /** OIDC_OPERATOR_GROUP */
  operatorGroup: string
}

export interface AdmittedPerson {
  user: UserRow
  identityId: string
  /** Whether the user was made now. */
  created: boolean
}

/** How often it is begun anew where somebody else wrote the same identity or address first. */
const attempts = 5

/**
 * Lets in whom the OpenID provider vouches for: makes the user the first time, and brings the user, the memberships
 * and the operator's role up to date with the claims each time, in one transaction; memberships beyond the first 100
 * that change follow in further ones. It begins no session and notes no login. Several calls for one person at once
 * make one user.
 *
 * Nobody is linked to a user by e-mail, unless the rules allow it, the provider has verified the address, and no
 * other identity of this issuer is that user's.
 *
 * @param claims of a token that was verified; `groups: null` leaves memberships and role alone
 * @throws AppError auth.user_disabled (403), auth.email_taken (409)
 */
export async function admitPerson(
  scope: PlatformScope,
  claims: PersonClaims,
  rules: AdmissionRules,
): Promise<AdmittedPerson> {
  const { changed, ...admitted } = await admitOnce(scope, claims, rules)
  for (let more = changed === mostChanges; more;)
    more = (await admitOnce(scope, claims, rules)).changed === mostChanges
  return admitted
}

async function admitOnce(scope: PlatformScope, claims: PersonClaims, rules: AdmissionRules) {
  for (let attempt = 1; ; attempt += 1) {
    try {
      const { changedTenants, ...admitted } = await scope.transaction((stores) =>
        admit({ ...scope, stores }, claims, rules),
      )
      for (const tenantId of changedTenants) scope.wake(tenantId)
      return { ...admitted, changed: changedTenants.length }
    } catch (error) {
      if (!isUniqueViolation(error) || attempt === attempts) throw error
    }
  }
}

async function admit(
  { stores, clock }: Pick<PlatformScope, 'stores' | 'clock'>,
  claims: PersonClaims,
  rules: AdmissionRules,
) {
  const { created, ...identity } = await findOrMake(stores, claims, rules)
  if (identity.user.status !== 'active') throw jitError('auth.user_disabled')
  let user = await followClaims(stores, clock, identity, claims)
  let changedTenants: string[] = []
  if (claims.groups) {
    const isInGroup = rules.operatorGroup !== '' && claims.groups.includes(rules.operatorGroup)
    user = await followOperatorGroup(stores, clock, user, isInGroup)
    changedTenants = await followGroups(stores, clock, user.id, claims.groups)
  }
  return { user, identityId: identity.id, created, changedTenants }
}

async function findOrMake(stores: PlatformStores, claims: PersonClaims, rules: AdmissionRules) {
  const known = await stores.identities.find(claims.issuer, claims.subject)
  if (known && known.user.status !== 'deleted') return { ...known, created: false }
  // Left over from a user who was deleted: whoever comes by it now is somebody new.
  if (known) await stores.identities.remove(known.id)

  const holder = claims.email === null ? null : await stores.users.findByEmail(claims.email)
  if (holder) {
    const isTheirs = rules.linkByEmail && claims.emailVerified
    if (!isTheirs || (await stores.identities.isKnownTo(claims.issuer, holder.id)))
      throw jitError('auth.email_taken')
    if (holder.status !== 'active') throw jitError('auth.user_disabled')
  }
  const user = holder ?? (await makeUser(stores, claims))
  const identity = await stores.identities.create(user.id, claims)
  await stores.audit.record({
    action: 'identity.linked',
    subject: { kind: 'user', id: user.id },
    after: { issuer: claims.issuer, subject: claims.subject, by: holder ? 'verified e-mail' : 'first login' },
  })
  return { ...identity, user, created: !holder }
}

async function makeUser(stores: PlatformStores, claims: PersonClaims) {
  const { email, emailVerified, name, picture, locale } = claims
  const shown = name ?? email?.split('@')[0]?.slice(0, 100) ?? 'Unnamed person'
  const user = await stores.users.create({
    email,
    emailVerified,
    name: shown,
    picture,
    locale,
    platformRole: 'user',
    passwordHash: null,
  })
  await stores.audit.record({
    action: 'user.created',
    subject: { kind: 'user', id: user.id },
    after: { email, name: shown, platformRole: 'user', withPassword: false, source: 'idp' },
  })
  return user
}
