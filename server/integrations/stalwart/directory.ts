import { failed } from './failure'
import type { Owner } from './stamp'

/** How far the two DKIM keys of a domain (RSA and Ed25519) are. */
export type Signing =
  /** Both are there, and used. */
  | 'ready'
  /** Stalwart is about to make them. */
  | 'pending'
  /** They have to be made. */
  | 'missing'

export interface MailDomain {
  /** Stalwart's own id of it. */
  readonly id: string
  /** What addresses refer to it by: its id (0.16) or its name (0.15). */
  readonly key: string
  readonly name: string
  /** Other names of the same domain; each is taken as well. */
  readonly aliases: readonly string[]
  /** By its stamp; null: not one of ours. */
  readonly tenantId: string | null
  readonly isEnabled: boolean
  readonly signing: Signing
  /** Equal texts: equal in all that Tenantry decides. */
  readonly fingerprint: string
}

export interface Address {
  readonly local: string
  /** Of a MailDomain. */
  readonly domainKey: string
}

export interface Mailbox {
  /** Stalwart's own id of it. */
  readonly id: string
  /** What it is asked for by: its id (0.16) or its name (0.15). */
  readonly handle: string
  /** Such as `ada@acme.example`. */
  readonly email: string
  readonly address: Address
  /** Those that receive, without the main one. */
  readonly aliases: readonly Address[]
  /** By its stamp; null: not one of ours. */
  readonly owner: Owner | null
  readonly displayName: string | null
  /** null: no limit. */
  readonly quotaBytes: number | null
  /** null: it is not told. */
  readonly usedBytes: number | null
  /** Nobody can sign in; mail is still taken in. */
  readonly isClosed: boolean
  /** Equal texts: equal in all that Tenantry decides. */
  readonly fingerprint: string
}

/** What a mailbox should be. */
export interface DesiredMailbox {
  readonly owner: Owner
  readonly local: string
  readonly domain: MailDomain
  readonly displayName: string | null
  readonly quotaBytes: number
  readonly isClosed: boolean
  /** Addresses that it should have besides. */
  readonly aliases: readonly { local: string; domain: MailDomain }[]
}

/** What is different; what is absent stays. */
export interface MailboxChanges {
  readonly address?: { local: string; domain: MailDomain }
  readonly displayName?: string | null
  readonly quotaBytes?: number
  readonly isClosed?: boolean
  readonly addAliases?: readonly { local: string; domain: MailDomain }[]
  readonly removeAliases?: readonly { local: string; domain: MailDomain }[]
}

/** A DNS record to publish. */
export interface MailRecord {
  /** Such as `MX`, `TXT`, `SRV`, `CNAME`, `TLSA` or `CAA`. */
  readonly type: string
  /** In lower case, without the dot at its end. */
  readonly name: string
  /** Of TXT the text itself, joined and without quotes; of the others as a zone file has it. */
  readonly value: string
}

export interface Page<Item> {
  readonly items: readonly Item[]
  readonly next: string | null
}

/**
 * Stalwart's directory, whichever way it is asked. Every call throws IntegrationError for every failure, or the
 * signal's reason. What deletes is done where the thing is gone already.
 */
export interface Directory {
  /** All domains that have one of the names, as their own or as an alias, or that are stamped for the tenant. */
  findDomains(names: readonly string[], tenantId: string, signal: AbortSignal): Promise<MailDomain[]>
  pageOfDomains(cursor: string | null, signal: AbortSignal): Promise<Page<MailDomain>>
  /** Stamped. @throws RefusedError for which `isTaken` holds, where the name is taken */
  createDomain(name: string, tenantId: string, signal: AbortSignal): Promise<void>
  enableDomain(domain: MailDomain, signal: AbortSignal): Promise<void>
  /**
   * Brings both DKIM keys about, or waits a moment for those that Stalwart is about to make.
   *
   * @throws IntegrationError `not_yet` where that takes longer
   */
  ensureSigning(name: string, tenantId: string, signal: AbortSignal): Promise<void>
  /** Its DKIM keys; of 0.16 not where something else refers to the domain, so that it would stay without them. */
  deleteKeys(domain: MailDomain, signal: AbortSignal): Promise<void>
  /** Without keys, mailboxes and aliases on it: else it is refused. */
  deleteDomain(domain: MailDomain, signal: AbortSignal): Promise<void>

  /** All mailboxes of people whose main address is on one of the domains; in 0.15, those that have any there. */
  listMailboxes(domains: readonly MailDomain[], signal: AbortSignal): Promise<Mailbox[]>
  pageOfMailboxes(cursor: string | null, signal: AbortSignal): Promise<Page<Mailbox>>
  /**
   * @returns what stands in the way, where it is a mailbox; undefined: it was created
   * @throws RefusedError for which `isTaken` holds, where something else has one of the addresses
   */
  createMailbox(mailbox: DesiredMailbox, signal: AbortSignal): Promise<Mailbox | undefined>
  changeMailbox(mailbox: Mailbox, changes: MailboxChanges, signal: AbortSignal): Promise<void>
  /** @throws what `ensureSameOwner` does */
  deleteMailbox(mailbox: Mailbox, signal: AbortSignal): Promise<void>

  /** Empty where there is no such domain. */
  recordsOf(name: string, signal: AbortSignal): Promise<MailRecord[]>
}

/**
 * Held before a mailbox is changed or deleted: somebody may have handed it over since it was planned.
 *
 * @param now as it was read just now
 * @throws IntegrationError `conflict`, to be planned anew
 */
export function ensureSameOwner(now: Mailbox, planned: Mailbox): void {
  const isSame =
    now.id === planned.id &&
    now.owner?.tenantId === planned.owner?.tenantId &&
    now.owner?.userId === planned.owner?.userId
  if (isSame) return
  const message = `Stalwart has the account ${planned.email} for somebody else by now: it is left as it is.`
  throw failed('conflict', message, { retryable: true })
}

/** The text that stands for all that Tenantry decides about a mailbox. */
export function mailboxFingerprint(mailbox: Omit<Mailbox, 'fingerprint' | 'id' | 'handle'>): string {
  const { email, aliases, owner, displayName, quotaBytes, isClosed } = mailbox
  const others = aliases.map(({ local, domainKey }) => `${local}@${domainKey}`).sort()
  return JSON.stringify([email, owner?.userId ?? null, displayName, quotaBytes, isClosed, others])
}
