import { isDeepStrictEqual } from 'node:util'
import type { CoreApi, CoreUsersListRequest } from '@goauthentik/api/dist/apis/CoreApi.js'
import { survivesJson } from './attributes'
import type { Exchange } from './exchange'
import { failed, RefusedError } from './failure'
import { stampOf } from './stamp'
import { Link, Nothing, User, UserPage, type Group } from './wire'

const pageSize = 100
/** How many calls one person costs who is looked for alone. */
const callsForOne = 2

/** Somebody to be found. */
export interface Wanted {
  readonly userId: string
  /** In lower case; null where nobody knows. */
  readonly email: string | null
}

/** What an account is made from. */
export interface NewUser {
  readonly username: string
  readonly email: string
  readonly name: string
  readonly attributes: User['attributes']
  /** Groups that it is in from the start: their `pk`. */
  readonly groups: string[]
}

/** Authentik's users, as far as we use them. Every call throws what `Exchange` throws. */
export interface Users {
  /** Everybody in a group, by pages of 100. */
  inGroup(group: Group, signal: AbortSignal): Promise<User[]>
  /** Those of these `pk` who are still there. Everybody is listed where that takes fewer calls than to ask for each. */
  byPk(pks: readonly number[], signal: AbortSignal): Promise<User[]>
  /**
   * Whoever could be one of these: by our stamp, by e-mail or by a username that is the e-mail, whatever its case.
   * Everybody is listed where that takes fewer calls than to look for each.
   */
  find(wanted: readonly Wanted[], signal: AbortSignal): Promise<User[]>
  findStamped(userId: string, signal: AbortSignal): Promise<User[]>
  /** @throws RefusedError with the field `username` where that is taken */
  create(user: NewUser, signal: AbortSignal): Promise<User>
  /**
   * Changes attributes: reads the user anew, and writes them as a whole, which is all that Authentik can.
   *
   * @param change gives the attributes; it throws where the user is no longer who they were
   * @throws RefusedError (404) too where they are gone
   */
  changeAttributes(user: User, change: (now: User) => User['attributes'], signal: AbortSignal): Promise<void>
  /** Does nothing where they are in the group already. */
  attach(group: Group, user: User, signal: AbortSignal): Promise<void>
  /** Does nothing where they, or the group, are gone already. */
  detach(group: Group, user: User, signal: AbortSignal): Promise<void>
  /** A link by which somebody sets a password. @returns null where Authentik gives none, as without a recovery flow */
  recoveryLink(user: User, signal: AbortSignal): Promise<string | null>
}

/** @param loadApi gives the generated client; asked for at each call */
export function createUsers(loadApi: () => Promise<CoreApi>, exchange: Exchange): Users {
  /** How many pages all users were when they were last listed: it decides what takes fewer calls, and nothing else. */
  let pagesOfAll: number | undefined

  async function page(purpose: string, query: CoreUsersListRequest, signal: AbortSignal) {
    const api = await loadApi()
    const plain = { pageSize, includeGroups: false, includeRoles: false, ordering: 'pk' }
    const { pagination, results } = await exchange(
      { purpose, send: (init) => api.coreUsersListRaw({ ...plain, ...query }, init), answer: UserPage },
      signal,
    )
    const { page: asked = 1 } = query
    if (pagination.next > 0 && pagination.next <= asked)
      throw failed('contract', `Authentik lists page ${pagination.next} of its users after page ${asked}`)
    return { results, next: pagination.next, pages: pagination.total_pages }
  }

  async function every(purpose: string, query: CoreUsersListRequest, signal: AbortSignal, first = 1) {
    const found: User[] = []
    for (let number = first; number > 0;) {
      const { results, next } = await page(purpose, { ...query, page: number }, signal)
      found.push(...results)
      number = next
    }
    return found
  }

  const byAttributes = (purpose: string, attributes: object, signal: AbortSignal) =>
    every(purpose, { attributes: JSON.stringify(attributes) }, signal)

  const findStamped = (userId: string, signal: AbortSignal) =>
    byAttributes(`look for the user ${userId}`, stampOf(userId), signal)

  async function findOne({ userId, email }: Wanted, signal: AbortSignal): Promise<User[]> {
    const stamped = await findStamped(userId, signal)
    if (stamped.length > 0 || email === null) return stamped
    return every(`look for ${email}`, { search: email }, signal)
  }

  async function read(pk: number, signal: AbortSignal): Promise<User> {
    const api = await loadApi()
    const send = (init: RequestInit) => api.coreUsersRetrieveRaw({ id: pk }, init)
    return exchange({ purpose: `read the user ${pk}`, send, answer: User }, signal)
  }

  async function findByPk(pk: number, signal: AbortSignal): Promise<User[]> {
    try {
      return [await read(pk, signal)]
    } catch (error) {
      if (error instanceof RefusedError && error.status === 404) return []
      throw error
    }
  }

  /** Everybody, where that takes no more calls than to ask one by one; few are asked for without finding that out. */
  async function listWhere(callsOneByOne: number, signal: AbortSignal): Promise<User[] | undefined> {
    if (callsOneByOne <= Math.max(callsForOne, (pagesOfAll ?? 1) - 1)) return undefined
    const { results, next, pages } = await page('list its users', { page: 1 }, signal)
    pagesOfAll = pages
    if (next === 0) return results
    if (pages > callsOneByOne) return undefined
    return [...results, ...(await every('list its users', {}, signal, next))]
  }

  async function member(verb: 'attach' | 'detach', group: Group, user: User, signal: AbortSignal) {
    const api = await loadApi()
    const request = { groupUuid: group.pk, userAccountRequest: { pk: user.pk } }
    const attach = verb === 'attach'
    await exchange(
      {
        purpose: `${attach ? 'put' : 'take'} ${user.username} ${attach ? 'into' : 'out of'} the group ${group.name}`,
        send: (init) =>
          attach
            ? api.coreGroupsAddUserCreateRaw(request, init)
            : api.coreGroupsRemoveUserCreateRaw(request, init),
        answer: Nothing,
      },
      signal,
    )
  }

  return {
    inGroup: (group, signal) =>
      every(`list who is in the group ${group.name}`, { groupsByPk: [group.pk] }, signal),

    async byPk(pks, signal) {
      if (pks.length === 0) return []
      const everybody = await listWhere(pks.length, signal)
      if (everybody) return everybody.filter(({ pk }) => pks.includes(pk))
      const found: User[] = []
      for (const pk of pks) found.push(...(await findByPk(pk, signal)))
      return found
    },

    async find(wanted, signal) {
      if (wanted.length === 0) return []
      const everybody = await listWhere(callsForOne * wanted.length, signal)
      if (everybody) return everybody
      const found = new Map<number, User>()
      for (const one of wanted) for (const user of await findOne(one, signal)) found.set(user.pk, user)
      return [...found.values()]
    },

    findStamped,

    async create(user, signal) {
      const api = await loadApi()
      return exchange(
        {
          purpose: `create the user ${user.username}`,
          send: (init) => api.coreUsersCreateRaw({ userRequest: { ...user, type: 'internal' } }, init),
          answer: User,
        },
        signal,
      )
    },

    async changeAttributes({ pk, username }, change, signal) {
      const now = await read(pk, signal)
      const attributes = change(now)
      if (isDeepStrictEqual(attributes, now.attributes)) return
      if (!survivesJson(now.attributes))
        throw failed('unavailable', `An attribute of Authentik's user ${username} can't be written back`)
      const api = await loadApi()
      await exchange(
        {
          purpose: `change the attributes of the user ${username}`,
          send: (init) => api.coreUsersPartialUpdateRaw({ id: pk, patchedUserRequest: { attributes } }, init),
          answer: User,
        },
        signal,
      )
    },

    attach: (group, user, signal) => member('attach', group, user, signal),

    async detach(group, user, signal) {
      await member('detach', group, user, signal).catch((error: unknown) => {
        if (!(error instanceof RefusedError && error.status === 404)) throw error
      })
    },

    async recoveryLink({ pk, username }, signal) {
      const api = await loadApi()
      const asked = exchange(
        {
          purpose: `make a recovery link for the user ${username}`,
          send: (init) => api.coreUsersRecoveryCreateRaw({ id: pk, userRecoveryLinkRequest: {} }, init),
          answer: Link,
        },
        signal,
      )
      try {
        return (await asked).link
      } catch (error) {
        if (error instanceof RefusedError && [400, 404].includes(error.status)) return null
        throw error
      }
    },
  }
}
