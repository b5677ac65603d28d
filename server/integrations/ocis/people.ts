import { lowerAscii } from '#server/lib/ascii'
import type { Exchange } from './exchange'
import { failed, RefusedError } from './failure'
import { listAll } from './listing'
import { User, UserPage } from './wire'

const users = ['v1.0', 'users'] as const
/** So many searches are made; where it takes more, the list of all is read. */
const searchLimit = 8
const searchesAtOnce = 4
/** A domain with more accounts than this is that of a mail provider: its people are looked for one by one. */
const crowd = 500
/** So many such domains are kept in mind. */
const crowdsLimit = 1000

/** OCIS's accounts, as far as we use them. Every call throws what `Exchange` throws. */
export interface People {
  /**
   * Accounts by exactly their e-mail address. OCIS has no filter for it, and a search takes one text, which is looked
   * for within names, usernames and addresses: people of one domain are looked for by that, in one call. Where it takes
   * more than eight, the whole list is read, in one; an account that may not read that list makes all searches.
   *
   * @param emails in lower case
   * @returns by address; several accounts can have the same
   * @throws IntegrationError `unauthorized` too where OCIS hides the addresses, which looks like nobody being there
   */
  find(emails: readonly string[], signal: AbortSignal): Promise<ReadonlyMap<string, readonly User[]>>
  create(account: { email: string; name: string }, signal: AbortSignal): Promise<User>
}

export function createPeople(exchange: Exchange): People {
  /** Domains with a crowd, as a search showed. */
  const crowded = new Set<string>()
  /** Whether a search was seen to find what is not at the beginning: a server can be told to look there alone. */
  let looksWithin = false

  const search = (text: string, signal: AbortSignal) =>
    listAll(
      exchange,
      {
        purpose: `look for the accounts of ${text}`,
        path: users,
        query: { $search: `"${text}"` },
        answer: UserPage,
      },
      signal,
    )

  async function searchAll(texts: readonly string[], signal: AbortSignal): Promise<User[]> {
    const found: User[] = []
    for (let start = 0; start < texts.length; start += searchesAtOnce) {
      const some = texts.slice(start, start + searchesAtOnce)
      found.push(...(await Promise.all(some.map((text) => search(text, signal)))).flat())
    }
    return found
  }

  /** In as many searches as there are texts, or in the list of all, which is whole. */
  async function lookFor(
    texts: readonly string[],
    signal: AbortSignal,
  ): Promise<{ found: User[]; isWhole: boolean }> {
    if (texts.length <= searchLimit) return { found: await searchAll(texts, signal), isWhole: false }
    try {
      const call = { purpose: 'list its accounts', path: users, answer: UserPage }
      return { found: await listAll(exchange, call, signal), isWhole: true }
    } catch (error) {
      if (!(error instanceof RefusedError && error.status === 403)) throw error
      return { found: await searchAll(texts, signal), isWhole: false }
    }
  }

  const isOneByOne = ([domain, emails]: readonly [string, string[]]) =>
    emails.length === 1 || (crowded.has(domain) && emails.length <= searchLimit)

  /** Heeds what the searches for some domains showed. @returns whether those who were not found are not there */
  function learn(domains: readonly string[], found: readonly User[]): boolean {
    const sizes = Map.groupBy(found, ({ mail }) => domainOf(lowerAscii(mail)))
    for (const domain of domains) {
      if ((sizes.get(domain)?.length ?? 0) > crowd) crowded.add(domain)
      const [oldest] = crowded
      if (crowded.size > crowdsLimit && oldest !== undefined) crowded.delete(oldest)
    }
    looksWithin ||= domains.some((domain) => sizes.has(domain))
    return looksWithin || domains.length === 0
  }

  return {
    async find(emails, signal) {
      const wanted = [...new Set(emails)].filter((email) => !/["\\]/.test(email))
      const [oneByOne = [], together = []] = split([...Map.groupBy(wanted, domainOf)], isOneByOne)
      const domains = together.map(([domain]) => domain)
      const { found, isWhole } = await lookFor([...oneByOne.flatMap(emailsOf), ...domains], signal)
      refuseHidden(found)
      if (!isWhole && !learn(domains, found)) {
        found.push(...(await lookFor(together.flatMap(emailsOf), signal)).found)
        refuseHidden(found)
      }
      return index(found, new Set(wanted))
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

const emailsOf = ([, emails]: readonly [string, string[]]) => emails

const split = <Item>(items: readonly Item[], isFirst: (item: Item) => boolean) => [
  items.filter(isFirst),
  items.filter((item) => !isFirst(item)),
]

/** With the sign before it, so that no other domain ends alike. */
const domainOf = (email: string) => email.slice(Math.max(email.lastIndexOf('@'), 0))

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

/** @throws IntegrationError where nobody's address is shown */
function refuseHidden(all: readonly User[]): void {
  if (all.length === 0 || !all.every(isReduced)) return
  const remedy =
    'give it the role Admin, or have the server show addresses (OCIS_SHOW_USER_EMAIL_IN_RESULTS, or OC_… of OpenCloud)'
  throw failed(
    'unauthorized',
    `OCIS shows no e-mail addresses to the service account, so that no member can be told: ${remedy}`,
  )
}
