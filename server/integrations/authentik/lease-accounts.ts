import type { CoreApi } from '@goauthentik/api/dist/apis/CoreApi.js'
import type { Exchange } from './exchange'
import { failed } from './failure'
import { leaseTenantOf } from './stamp'
import { UserPage } from './wire'

const pageSize = 100

/** The service accounts that tenants' leases mint tokens of, for listings that tell who is in a group by numbers alone. */
export interface LeaseAccounts {
  /**
   * Takes a tenant's lease account out of who is in its groups.
   *
   * @param groups as they were just read
   * @returns for each group the `pk` of everybody else
   * @throws what `Exchange` throws
   */
  without(
    groups: readonly { tenantId: string; users: readonly number[] }[],
    signal: AbortSignal,
  ): Promise<number[][]>
  /** Has all be read again, at the beginning of a survey. */
  forget(): void
}

/**
 * Service accounts are listed newest first, and then only those that came since. Numbers grow, so that nothing is asked
 * where everybody who was read is older than the last listing.
 */
export function createLeaseAccounts(loadApi: () => Promise<CoreApi>, exchange: Exchange): LeaseAccounts {
  let tenantOf = new Map<number, string>()
  /** The newest service account that was listed. */
  let listedUpTo = 0
  /** Of everybody up to this number it is known whether they are one. */
  let knownUpTo = 0

  async function listNew(signal: AbortSignal): Promise<void> {
    const api = await loadApi()
    const plain = { pageSize, includeGroups: false, includeRoles: false, ordering: '-pk' }
    let newest = listedUpTo
    for (let page = 1; page > 0;) {
      const query = { ...plain, type: ['service_account' as const], page }
      const { pagination, results } = await exchange(
        {
          purpose: 'list its service accounts',
          send: (init) => api.coreUsersListRaw(query, init),
          answer: UserPage,
        },
        signal,
      )
      if (pagination.next > 0 && pagination.next <= page)
        throw failed('contract', `Authentik lists page ${pagination.next} of its users after page ${page}`)
      for (const user of results) {
        newest = Math.max(newest, user.pk)
        const tenantId = leaseTenantOf(user)
        if (tenantId !== undefined) tenantOf.set(user.pk, tenantId)
      }
      page = results.some(({ pk }) => pk <= listedUpTo) ? 0 : pagination.next
    }
    listedUpTo = newest
  }

  return {
    async without(groups, signal) {
      const newest = groups.flatMap(({ users }) => users).reduce((one, other) => Math.max(one, other), 0)
      if (newest > knownUpTo) {
        await listNew(signal)
        knownUpTo = Math.max(knownUpTo, newest)
      }
      return groups.map(({ tenantId, users }) => users.filter((pk) => tenantOf.get(pk) !== tenantId))
    },
    forget() {
      tenantOf = new Map()
      listedUpTo = 0
      knownUpTo = 0
    },
  }
}
