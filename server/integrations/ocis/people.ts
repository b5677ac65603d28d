import { lowerAscii } from '#server/lib/ascii'
import type { Exchange } from './exchange'
import { failed, RefusedError } from './failure'
import { listAll } from './listing'
import { User, UserPage } from './wire'

const users = ['v1.0', 'users'] as const
/** So many people are looked for one by one; more of them in the list of all. */
const searchLimit = 8
const searchesAtOnce = 4

/** OCIS's accounts, as far as we use them. Every call throws what `Exchange` throws. */
export interface People {
  /** The service account that asks. */
  me(signal: AbortSignal): Promise<User>
  /**
   * Accounts by exactly their e-mail address. OCIS has no filter for it: up to eight are searched for, for more the
   * whole list is read, in one call. An account that may not read that list searches for all of them.
   *
   * @param emails in lower case
   * @returns by address; several accounts can have the same
   * @throws IntegrationError `unauthorized` too where OCIS hides the addresses, which looks like nobody being there
   */
  find(emails: readonly string[], signal: AbortSignal): Promise<ReadonlyMap<string, readonly User[]>>
  create(account: { email: string; name: string }, signal: AbortSignal): Promise<User>
}

export function createPeople(exchange: Exchange): People {
  /** Finds what holds the text in its name, its username or its address. */
  const search = (email: string, signal: AbortSignal) =>
    listAll(
      exchange,
      {
        purpose: `look for the account of ${email}`,
        path: users,
        query: { $search: `"${email}"` },
        answer: UserPage,
      },
      signal,
    )

  async function searchAll(emails: readonly string[], signal: AbortSignal): Promise<User[]> {
    const found: User[] = []
    for (let start = 0; start < emails.length; start += searchesAtOnce) {
      const some = emails.slice(start, start + searchesAtOnce)
      found.push(...(await Promise.all(some.map((email) => search(email, signal)))).flat())
    }
    return found
  }

  async function list(emails: readonly string[], signal: AbortSignal): Promise<User[]> {
    try {
      return await listAll(exchange, { purpose: 'list its accounts', path: users, answer: UserPage }, signal)
    } catch (error) {
      if (error instanceof RefusedError && error.status === 403) return searchAll(emails, signal)
      throw error
    }
  }

  return {
    me: (signal) =>
      exchange({ purpose: 'say who we are', method: 'GET', path: ['v1.0', 'me'], answer: User }, signal),

    async find(emails, signal) {
      const wanted = [...new Set(emails)].filter((email) => !/["\\]/.test(email))
      const all = wanted.length > searchLimit ? await list(wanted, signal) : await searchAll(wanted, signal)
      if (all.length > 0 && all.every(isReduced)) throw hidden()
      return index(all, new Set(wanted))
    },

    create: ({ email, name }, signal) =>
      exchange(
        {
          purpose: `create the account of ${email}`,
          method: 'POST',
          path: users,
          body: { displayName: name, mail: email, onPremisesSamAccountName: email, accountEnabled: true },
          answer: User,
        },
        signal,
      ),
  }
}

/** Whether an account is shown as to somebody who may not know it: it always has a username. */
const isReduced = ({ mail, onPremisesSamAccountName }: User) => !mail && !onPremisesSamAccountName

function index(all: readonly User[], wanted: ReadonlySet<string>): Map<string, User[]> {
  const found = new Map<string, User[]>()
  for (const user of all) {
    const email = lowerAscii(user.mail)
    // Somebody of another server says themselves what their address is.
    if (!wanted.has(email) || user.userType === 'Federated') continue
    const known = found.get(email) ?? []
    if (!known.some(({ id }) => id === user.id)) found.set(email, [...known, user])
  }
  return found
}

function hidden() {
  const remedy =
    'give it the role Admin, or have the server show addresses (OCIS_SHOW_USER_EMAIL_IN_RESULTS, or OC_… of OpenCloud)'
  return failed(
    'unauthorized',
    `OCIS shows no e-mail addresses to the service account, so that no member can be told: ${remedy}`,
  )
}
