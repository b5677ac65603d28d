import type { PlannedChange, Resource } from '#server/provisioning/step-planner.port'
import type { Directory, Mailbox, MailDomain } from './directory'

type Fields = NonNullable<PlannedChange['fields']>

/** What is never made; `reason` is for an operator. */
export const refuse = (kind: string, name: string, reason: string): PlannedChange => ({
  action: 'refuse',
  kind,
  name,
  reason,
  apply: () => Promise.reject(new Error(`What is refused can't be made: ${kind} ${name}`)),
})

/** Deletes a mailbox with all mail in it. */
export const deletion = (directory: Directory, mailbox: Mailbox): PlannedChange => ({
  action: 'delete',
  kind: 'account',
  name: mailbox.email,
  apply: (signal) => directory.deleteMailbox(mailbox, signal),
})

/** One field of a change. */
export const field = (name: string, from: Fields[string]['from'], to: Fields[string]['to']): Fields => ({
  [name]: { from, to },
})

export const domainResource = ({ id, name, fingerprint }: MailDomain): Resource => ({
  kind: 'domain',
  name,
  externalId: id,
  fingerprint,
})

export const accountResource = ({ id, email, fingerprint }: Mailbox): Resource => ({
  kind: 'account',
  name: email,
  externalId: id,
  fingerprint,
})

/** Whether an address of a mailbox, its main one or another, is on a domain. */
export const isOn = ({ address, aliases }: Mailbox, { key }: MailDomain): boolean =>
  [address, ...aliases].some(({ domainKey }) => domainKey === key)

/** Names a few, and says how many more there are. */
export function enumerate(names: readonly string[]): string {
  const shown = names.slice(0, 3).join(', ')
  return names.length > 3 ? `${shown} and ${names.length - 3} more` : shown
}
