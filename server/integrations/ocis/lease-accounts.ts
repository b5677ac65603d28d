import type { Exchange } from './exchange'
import { RefusedError } from './failure'
import { isLeaseUsernameOf, leaseUsernameOf } from './stamp'
import { Nothing, User } from './wire'

const users = ['v1.0', 'users'] as const
/** So many are kept in mind. */
const knownLimit = 1000

/** The accounts that leases mint tokens of: one for each lease, which goes with it. */
export interface LeaseAccounts {
  /** @throws what `Exchange` throws */
  create(lease: { tenantId: string; leaseId: string; name: string }, signal: AbortSignal): Promise<User>
  /** Undefined where it is not there. */
  find(tenantId: string, leaseId: string, signal: AbortSignal): Promise<User | undefined>
  /** With all tokens of it. Does nothing where it is gone already. */
  remove(user: User, signal: AbortSignal): Promise<void>
  /** Which of these ids are of a tenant's leases: one call for each that is not known to be. */
  among(tenantId: string, ids: readonly string[], signal: AbortSignal): Promise<ReadonlySet<string>>
}

export function createLeaseAccounts(exchange: Exchange): LeaseAccounts {
  /** The tenant of an account, by its id: neither ever changes. */
  const known = new Map<string, string>()

  async function read(nameOrId: string, signal: AbortSignal): Promise<User | undefined> {
    const path = [...users, nameOrId]
    try {
      return await exchange({ purpose: 'show an account', method: 'GET', path, answer: User }, signal)
    } catch (error) {
      if (error instanceof RefusedError && error.status === 404) return undefined
      throw error
    }
  }

  function keep(id: string, tenantId: string): void {
    known.set(id, tenantId)
    const [oldest] = known.keys()
    if (known.size > knownLimit && oldest !== undefined) known.delete(oldest)
  }

  return {
    create({ tenantId, leaseId, name }, signal) {
      const onPremisesSamAccountName = leaseUsernameOf(tenantId, leaseId)
      // Of a domain that there is none of (RFC 2606): directories want an address, and nobody has this one.
      const body = { onPremisesSamAccountName, displayName: name, mail: `${leaseId}@tenantry-leases.invalid` }
      const purpose = `create the account ${onPremisesSamAccountName}`
      return exchange({ purpose, method: 'POST', path: users, body, answer: User }, signal)
    },

    async find(tenantId, leaseId, signal) {
      const username = leaseUsernameOf(tenantId, leaseId)
      const user = await read(username, signal)
      return user?.onPremisesSamAccountName === username ? user : undefined
    },

    async remove({ id, onPremisesSamAccountName }, signal) {
      const purpose = `delete the account ${onPremisesSamAccountName}`
      try {
        await exchange({ purpose, method: 'DELETE', path: [...users, id], answer: Nothing }, signal)
      } catch (error) {
        if (!(error instanceof RefusedError && error.status === 404)) throw error
      }
    },

    async among(tenantId, ids, signal) {
      const found = new Set<string>()
      for (const id of ids) {
        const user = known.has(id) ? undefined : await read(id, signal)
        if (user && isLeaseUsernameOf(user.onPremisesSamAccountName, tenantId)) keep(user.id, tenantId)
        if (known.get(id) === tenantId) found.add(id)
      }
      return found
    },
  }
}
