import type { CreateUser, UpdateUser } from '#shared/contracts/users'
import { isUniqueViolation } from '#server/storage/database.errors'
import type { OperatorScope, PlatformScope } from '#server/scope'
import type { PageRequest } from '#server/storage/page'
import type { PasswordPort } from './passwords.port'
import { askOthers, showsAtServices } from './shown-at-services'
import { lastOperator, userError } from './users.errors'
import type { UserRow } from './users.store'

export { deleteUser } from './removal'
export { getProfile, overviewOf, updateProfile } from './profile'
export { userError } from './users.errors'
export type { UserRow } from './users.store'

/** A page of all users, newest first. */
export function listUsers(scope: OperatorScope, request: PageRequest & { search?: string | undefined }) {
  return scope.stores.users.list(request)
}

/** @throws AppError user.not_found */
export async function getUser(scope: OperatorScope, id: string): Promise<UserRow> {
  const user = await scope.stores.users.find(id)
  if (!user || user.status === 'deleted') throw userError('user.not_found')
  return user
}

/**
 * A user as operators see them.
 *
 * @throws AppError user.not_found
 */
export async function getUserDetails(scope: OperatorScope, id: string) {
  const user = await getUser(scope, id)
  const hasSecondFactor = (await scope.stores.factorsOf(id).kinds()).length > 0
  return { ...user, hasPassword: user.passwordHash !== null, hasSecondFactor }
}

/**
 * A page of the tenants that somebody is a member of, in the order in which they came.
 *
 * @throws AppError user.not_found
 */
export async function listMembershipsOf(scope: OperatorScope, id: string, request: PageRequest) {
  await getUser(scope, id)
  return scope.stores.users.listMemberships(id, request)
}

/**
 * A page of how OpenID providers know somebody.
 *
 * @throws AppError user.not_found
 */
export async function listIdentitiesOf(scope: OperatorScope, id: string, request: PageRequest) {
  await getUser(scope, id)
  return scope.stores.users.listIdentities(id, request)
}

/**
 * Makes a user; with a password they can sign in at once.
 *
 * @param passwords undefined where there are no local passwords (oidc-only mode)
 * @throws AppError user.email_taken, password.too_weak, user.passwords_unavailable
 */
export async function createUser(
  scope: PlatformScope,
  passwords: PasswordPort | undefined,
  input: CreateUser,
): Promise<UserRow> {
  if (input.password !== undefined && !passwords) throw userError('user.passwords_unavailable')
  const { email, name, platformRole = 'user' } = input
  const passwordHash =
    input.password === undefined || !passwords
      ? null
      : await passwords.hashNew(input.password, { path: 'password', about: [email, name] })
  try {
    return await scope.transaction(async (stores) => {
      const user = await stores.users.create({
        ...{ email, emailVerified: true },
        ...{ name, platformRole, passwordHash },
      })
      await stores.audit.record({
        action: 'user.created',
        subject: { kind: 'user', id: user.id },
        after: { email, name, platformRole, withPassword: passwordHash !== null },
      })
      return user
    })
  } catch (error) {
    if (isUniqueViolation(error)) throw userError('user.email_taken')
    throw error
  }
}

/**
 * Changes a user as an operator. Disabling ends every session of theirs, and so does a change of the platform role.
 * What their tenants' services know of them follows.
 *
 * @param version that the caller saw; undefined: whatever it is now
 * @throws AppError user.not_found, user.last_operator, user.changed_meanwhile
 */
export async function updateUser(
  scope: OperatorScope,
  id: string,
  input: UpdateUser,
  version?: number,
): Promise<UserRow> {
  const access = input.status !== undefined
  const { user, asked } = await scope.transaction(async (stores) => {
    const before = await stores.users.find(id)
    if (!before || before.status === 'deleted') throw userError('user.not_found')
    // What an operator decides by hand, the provider's groups no longer take away.
    const byHand = input.platformRole !== undefined && input.platformRole !== before.platformRole
    const change = { ...input, ...(byHand && { roleSource: 'manual' as const }) }
    const user = await stores.users.update(id, change, version)
    if (!user) throw userError('user.changed_meanwhile')
    const rightsChanged = user.status !== before.status || user.platformRole !== before.platformRole
    if (rightsChanged) {
      if ((await stores.users.countActiveOperators()) === 0) throw lastOperator()
      const isOwnRole = id === scope.actorId && user.status === before.status
      if (isOwnRole) await stores.ownSessions.askRotation()
      else await stores.sessions.endAllOf(id)
      await stores.requirement.apply(id)
    }
    // What acts for them is refused from now on; what was minted for it is not, until it is taken back.
    if (user.status !== 'active') await stores.allLeases.endOfPerson(id, scope.clock.now())
    const seen = ({ name, locale, platformRole, status }: UserRow) => ({ name, locale, platformRole, status })
    await stores.audit.record({
      action: 'user.updated',
      subject: { kind: 'user', id },
      before: seen(before),
      after: seen(user),
    })
    // A status that is set again asks again: that repeats what was cut off.
    const shows = input.status !== undefined || showsAtServices(before, user)
    return { user, asked: shows ? await stores.personOf(id).askTenants({ access }) : [] }
  })
  await askOthers(scope, asked, (after) =>
    scope.transaction((stores) => stores.personOf(id).askTenants({ access }, after)),
  )
  return user
}
