import { z } from 'zod'
import type { User } from './wire'

/**
 * What a user's attributes say of one tenant's group.
 * - `in`: Tenantry holds them to be a member; when they no longer are one they are taken out
 * - `out`: Tenantry took a member out
 * - `held`: somebody put them there by hand, and they were taken out while the tenant is closed; they come back
 */
export const marks = ['in', 'out', 'held'] as const
export type Mark = (typeof marks)[number]

const userIdKey = 'tenantryUserId'
const madeKey = 'tenantryMade'
export const tenantsKey = 'tenantryTenants'

const Marks = z.record(z.string(), z.enum(marks)).catch({})

/** The user of ours that somebody at Authentik is; undefined: nobody that we know. */
export function userIdOf({ attributes }: User): string | undefined {
  const userId = attributes[userIdKey]
  return typeof userId === 'string' ? userId : undefined
}

export function markOf({ attributes }: User, tenantId: string): Mark | undefined {
  return Marks.parse(attributes[tenantsKey] ?? {})[tenantId]
}

/** Whether we made the account. */
export const isMadeByUs = ({ attributes }: User) => attributes[madeKey] === true

/** Attributes to look for: those of somebody of ours. */
export const stampOf = (userId: string) => ({ [userIdKey]: userId })

/** The attributes of an account that we make. */
export function freshAttributes(userId: string, tenantId: string): User['attributes'] {
  return { ...stampOf(userId), [madeKey]: true, [tenantsKey]: { [tenantId]: 'in' } }
}

/** A user's attributes with another mark, all others kept. @param mark null: none @param userId stamped too where given */
export function withMark(
  { attributes }: User,
  tenantId: string,
  mark: Mark | null,
  userId?: string,
): User['attributes'] {
  const { [tenantId]: _, ...others } = Marks.parse(attributes[tenantsKey] ?? {})
  return {
    ...attributes,
    ...(userId !== undefined && stampOf(userId)),
    [tenantsKey]: mark === null ? others : { ...others, [tenantId]: mark },
  }
}
