/** A space's name has so many bytes of UTF-8 at most. */
const nameLimitBytes = 255

/** What a space's description says of whose it is. */
export interface Stamp {
  tenantId: string
  /** A second space that came to be by a race, and was set aside. */
  isSuperseded: boolean
}

/**
 * A tenant's name as OCIS takes it: what it refuses (`/ \ . : ? * " > < |`) and control characters become spaces,
 * and what is too long is cut. The slug where nothing is left.
 */
export function spaceName({ name, slug }: { name: string; slug: string }): string {
  const legal = name
    .replace(/[/\\.:?*"><|\p{C}]/gu, ' ')
    .replace(/\s+/gu, ' ')
    .trim()
  return cut(legal).trimEnd() || slug
}

function cut(text: string): string {
  let size = 0
  let kept = ''
  for (const character of text) {
    size += Buffer.byteLength(character)
    if (size > nameLimitBytes) break
    kept += character
  }
  return kept
}

/** The description of a tenant's space. People may change its words, but not the mark at its end. */
export function describeSpace(tenantId: string): string {
  return `Kept by Tenantry, which knows it by the mark at the end. [tenantry:space:${tenantId}]`
}

/** The description of a second one, which is set aside and never looked at again but to be purged. */
export function describeSuperseded(tenantId: string): string {
  return `A second space of one tenant, set aside by Tenantry. [tenantry:superseded:${tenantId}]`
}

/** What the account of one lease is called: who makes accounts there can make no other of that name. */
export const leaseUsernameOf = (tenantId: string, leaseId: string) => `${leasesOf(tenantId)}${leaseId}`

/** Whether an account is one of a tenant's leases: nobody who could be a member. */
export const isLeaseUsernameOf = (username: string, tenantId: string) =>
  username.startsWith(leasesOf(tenantId))

const leasesOf = (tenantId: string) => `tenantry-lease-${tenantId}-`

/** Undefined where there is no mark, more than one, or one that is not at the end. */
export function readStamp(description: string): Stamp | undefined {
  if (description.split('[tenantry:').length !== 2) return undefined
  const mark = /\[tenantry:(space|superseded):([0-9a-f]{8}(?:-[0-9a-f]{4}){3}-[0-9a-f]{12})\]\s*$/.exec(
    description,
  )
  return mark ? { tenantId: mark[2] as string, isSuperseded: mark[1] === 'superseded' } : undefined
}
