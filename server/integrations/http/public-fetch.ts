import type { LookupFunction } from 'node:net'
import type { Agent } from 'undici'
import { AddressRefused, allowedAddresses, checkScheme, type AddressRules } from './public-addresses'

/** A fetch for addresses that people of a tenant chose. */
export interface PublicFetch {
  readonly fetch: typeof globalThis.fetch
  /** Ends its connections. */
  close(): Promise<void>
}

/**
 * A fetch that reaches public addresses over https alone, unless the rules allow more. A name is looked up where the
 * connection is made, all that it resolves to is checked, and the connection goes to one of just these: what it resolves
 * to a moment later is of no use to anybody. Redirects are not followed, and no proxy of the environment is used.
 *
 * It throws as fetch does, a TypeError with the cause.
 */
export function createPublicFetch(rules: AddressRules): PublicFetch {
  const lookup: LookupFunction = (host, options, callback) => {
    allowedAddresses(host, rules).then(
      (found) => {
        const [first] = found
        if (options.all) return callback(null, [...found])
        callback(null, first?.address ?? '', first?.family)
      },
      (error: NodeJS.ErrnoException) => callback(error, '', 4),
    )
  }
  let loading: Promise<{ fetch: typeof globalThis.fetch; agent: Agent }> | undefined
  const load = () => (loading ??= loadClient(lookup))

  return {
    async fetch(input, init) {
      const url = new URL(input instanceof Request ? input.url : input)
      // Of an address in figures no name is looked up.
      const refused = await refusalOf(url, rules)
      if (refused) throw new TypeError('fetch failed', { cause: refused })
      const { fetch, agent } = await load()
      const guarded = { ...init, redirect: 'manual', dispatcher: agent }
      return fetch(url, guarded as RequestInit)
    },
    async close() {
      await (await loading)?.agent.destroy()
    },
  }
}

async function refusalOf(url: URL, rules: AddressRules): Promise<AddressRefused | undefined> {
  try {
    checkScheme(url, rules)
    if (/^[\d.]+$|^\[/.test(url.hostname)) await allowedAddresses(url.hostname, rules)
    return undefined
  } catch (error) {
    if (error instanceof AddressRefused) return error
    throw error
  }
}

/** Loaded when it is first needed. Its own fetch, since an agent of another version does not fit Node's. */
async function loadClient(lookup: LookupFunction) {
  const { Agent, fetch } = await import('undici')
  const agent = new Agent({ connect: { lookup, timeout: 5_000 } })
  return { fetch: fetch as unknown as typeof globalThis.fetch, agent }
}
