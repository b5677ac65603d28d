import type { CreateUser, UpdateProfile, UpdateUser } from '#shared/contracts/users'
import { isUniqueViolation } from '#server/storage/database.errors'
import { endMachinesOf } from '#server/identities/leaving'
import { mostAskedAtOnce } from '#server/provisioning/person'
import type { CallerScope, OperatorScope, PlatformScope, PlatformStores } from '#server/scope'
import type { PageRequest } from '#server/storage/page'
import type { PasswordPort } from './passwords.port'
import { userError } from './users.errors'
import type { UserRow } from './users.store'

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

/** Whether a change is one that outside services see. */
const showsAtServices = (before: UserRow, after: UserRow) =>
  before.name !== after.name || before.locale !== after.locale

/** Wakes the tenants that were asked for, and goes on with those that were too many for one transaction. */
async function askOthers(
  scope: { wake(tenantId: string): void },
  first: readonly string[],
  ask: (after: string) => Promise<string[]>,
): Promise<void> {
  for (let asked = first; asked.length > 0;) {
    for (const tenantId of asked) scope.wake(tenantId)
    const last = asked.at(-1)
    asked = asked.length < mostAskedAtOnce || last === undefined ? [] : await ask(last)
  }
}

/**
 * Deletes a user: memberships and sessions end, and whatever tells who they were is erased with the open invitations
 * to their addresses. Their tenants' services are told to let them go. The audit keeps its entries, in which nobody is
 * named. Of very many memberships some end before the rest: cut off, it is to be repeated.
 *
 * @throws AppError user.not_found, user.last_operator, user.sole_owner
 */
export async function deleteUser(scope: OperatorScope, id: string): Promise<void> {
  for (let left = mostAskedAtOnce; left === mostAskedAtOnce;) {
    const tenants = await scope.transaction(async (stores) => {
      const before = await stores.users.find(id)
      if (!before || before.status === 'deleted') throw userError('user.not_found')
      const isActiveOperator = before.platformRole === 'operator' && before.status === 'active'
      if (isActiveOperator && (await stores.users.countActiveOperators()) === 1) throw lastOperator()
      const alone = await stores.users.soleOwnerships(id)
      if (alone.length)
        throw userError('user.sole_owner', {
          detail: `Give these tenants another owner first: ${alone.join(', ')}.`,
        })
      const ended = await leaveTenants(stores, id)
      if (ended.length < mostAskedAtOnce) await erase(stores, id)
      return ended
    })
    for (const tenantId of tenants) scope.wake(tenantId)
    left = tenants.length
  }
}

async function leaveTenants(stores: PlatformStores, id: string): Promise<string[]> {
  const ended = await stores.users.listMembershipsToEnd(id, mostAskedAtOnce)
  const tenantIds = ended.map(({ tenantId }) => tenantId)
  const machines = new Map<string, string[]>()
  for (const tenantId of tenantIds) machines.set(tenantId, await endMachinesOf(stores.ofTenant(tenantId), id))
  await stores.users.endMemberships(id, tenantIds)
  for (const { tenantId, role, source } of ended) {
    const { steps, receipts, audit } = stores.ofTenant(tenantId)
    await receipts.follow(id, machines.get(tenantId))
    await steps.ask('changed')
    await audit.record({
      action: 'member.removed',
      subject: { kind: 'membership', id },
      before: { role, source },
    })
  }
  return tenantIds
}

async function erase(stores: PlatformStores, id: string): Promise<void> {
  await stores.factorsOf(id).removeAll()
  await stores.resets.removeAllOf(id)
  await stores.users.erase(id)
  await stores.audit.record({ action: 'user.deleted', subject: { kind: 'user', id } })
}

/** The caller themself. */
export async function getProfile(scope: CallerScope): Promise<UserRow> {
  return scope.stores.self.get()
}

/**
 * Changes what a person may change of their own; what their tenants' services know of them follows.
 *
 * @param version that the caller saw; undefined: whatever it is now
 * @throws AppError user.changed_meanwhile
 */
export async function updateProfile(
  scope: CallerScope,
  input: UpdateProfile,
  version?: number,
): Promise<UserRow> {
  const same = { access: false }
  const { user, asked } = await scope.transaction(async (stores) => {
    const before = await stores.self.get()
    const user = await stores.self.update(input, version)
    if (!user) throw userError('user.changed_meanwhile')
    const seen = ({ name, locale }: UserRow) => ({ name, locale })
    await stores.audit.record({
      action: 'user.profile_updated',
      subject: { kind: 'user', id: user.id },
      before: seen(before),
      after: seen(user),
    })
    return { user, asked: showsAtServices(before, user) ? await stores.ownPerson.askTenants(same) : [] }
  })
  await askOthers(scope, asked, (after) =>
    scope.transaction((stores) => stores.ownPerson.askTenants(same, after)),
  )
  return user
}

/** Most tenants that the home shows; the list of tenants shows the rest. */
const most = 200

/** What the portal's home shows of the caller: who they are, and the tenants that they are a member of. */
export async function overviewOf(scope: CallerScope) {
  const { self, ownTenants, ownSubscriptions } = scope.stores
  const [user, seen, subscribed] = await Promise.all([
    self.get(),
    ownTenants.list({ limit: most }),
    ownSubscriptions.list({ limit: most }),
  ])
  return { user, tenants: seen.items, subscriptions: subscribed.items }
}

const lastOperator = () =>
  userError('user.last_operator', { detail: 'Make somebody else an operator first.' })
