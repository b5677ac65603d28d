/** Whose mailbox it is. */
export interface Owner {
  readonly tenantId: string
  readonly userId: string
}

const uuid = '[0-9a-f]{8}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{12}'
const inDescription = new RegExp(`(?<![\\w:-])tenantry:(${uuid})(?![\\w:-])`, 'g')
const ofMailbox = new RegExp(`^tenantry:(${uuid}):(${uuid})$`)
const signed = ' signed'

/** What a domain's description says, by which it is recognised as a tenant's. */
export const domainStamp = (tenantId: string): string => `tenantry:${tenantId}`

/**
 * Which tenant a domain is stamped for. An operator may write more around the stamp.
 *
 * @returns null where it carries none, or those of two
 */
export function stampedTenant(description: string | null | undefined): string | null {
  const found = new Set([...(description ?? '').matchAll(inDescription)].map(([, tenantId]) => tenantId))
  const [tenantId = null] = found
  return found.size === 1 ? tenantId : null
}

/** 0.15: the description of a domain whose keys were made and taken into use. */
export const signedDescription = (description: string): string =>
  isSigned(description) ? description : description + signed

/** 0.15: whether a domain's keys were made and taken into use, as its description says. */
export const isSigned = (description: string | null | undefined): boolean =>
  description?.endsWith(signed) ?? false

/** What a mailbox carries, by which it is recognised as a person's in a tenant. */
export const mailboxStamp = ({ tenantId, userId }: Owner): string => `tenantry:${tenantId}:${userId}`

/** Whose mailbox a stamp names; null where the text is none. */
export function stampedOwner(text: string | null | undefined): Owner | null {
  const [, tenantId, userId] = ofMailbox.exec(text ?? '') ?? []
  return tenantId && userId ? { tenantId, userId } : null
}

/** 0.16: the local part of the switched-off alias whose description is the stamp. */
export const stampAlias = (userId: string): string => `tenantry-${userId}`
