import type { User } from './wire'

/**
 * What a user's attributes say for Tenantry: nothing that another tenant, or another worker, would write otherwise,
 * since Authentik replaces attributes whole and the last writer wins.
 */
const userIdKey = 'tenantryUserId'
const madeKey = 'tenantryMade'
const leasesKey = 'tenantryLeasesOf'

/** The user of ours that somebody at Authentik is; undefined: nobody that we know. */
export function userIdOf({ attributes }: User): string | undefined {
  const userId = attributes[userIdKey]
  return typeof userId === 'string' ? userId : undefined
}

/** Whether we made the account. */
export const isMadeByUs = ({ attributes }: User) => attributes[madeKey] === true

/** Attributes to look for: those of somebody of ours. */
export const stampOf = (userId: string) => ({ [userIdKey]: userId })

/** The attributes of an account that we make. */
export const freshAttributes = (userId: string): User['attributes'] => ({
  ...stampOf(userId),
  [madeKey]: true,
})

/** A user's attributes with our stamp, all others kept. */
export const withStamp = ({ attributes }: User, userId: string): User['attributes'] => ({
  ...attributes,
  ...stampOf(userId),
})

/** The one account that a tenant's leases mint tokens of: names are unique there. */
export const leaseUsernameOf = (tenantId: string) => `tenantry-leases-${tenantId}`

/** The attributes of that account. */
export const leaseAttributes = (tenantId: string): User['attributes'] => ({ [leasesKey]: tenantId })

/** The tenant whose lease account it is: nobody who could be a member; undefined: none's. */
export function leaseTenantOf({ type, username, attributes }: User): string | undefined {
  const tenantId = attributes[leasesKey]
  const isTheirs = typeof tenantId === 'string' && username === leaseUsernameOf(tenantId)
  return isTheirs && type === 'service_account' ? tenantId : undefined
}
