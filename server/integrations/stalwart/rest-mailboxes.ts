import { z } from 'zod'
import { lowerAscii } from '#server/lib/ascii'
import { ensureSameOwner, mailboxFingerprint } from './directory'
import type { Address, DesiredMailbox, Directory, Mailbox, MailboxChanges, MailDomain } from './directory'
import { RefusedError } from './failure'
import { allPages, unless, type Rest } from './rest'
import { pageNumber, pageSize, principalPath, principalsPath } from './rest-paths'
import { mailboxStamp, stampedOwner } from './stamp'
import { Principal, PrincipalPage } from './wire'

const nothing = z.unknown()
const signIn = 'authenticate'
const fields = ['type', 'name', 'description', 'emails', 'urls', 'quota', 'usedQuota', 'disabledPermissions']

type Mailboxes = Pick<
  Directory,
  'listMailboxes' | 'pageOfMailboxes' | 'createMailbox' | 'changeMailbox' | 'deleteMailbox'
>

/**
 * Mailboxes are principals of the type individual, named by their address. They are never given a secret. The stamp
 * is one of their URLs, which Stalwart uses for nothing of a person, and people can't change.
 */
export function createRestMailboxes(rest: Rest): Mailboxes {
  const pageOf = (page: number, filter: string | undefined, signal: AbortSignal) =>
    rest(
      {
        purpose: 'list its accounts',
        method: 'GET',
        path: principalsPath({ types: 'individual', fields, page, filter }),
        answer: PrincipalPage,
      },
      signal,
    )

  async function find(name: string, signal: AbortSignal): Promise<Mailbox | undefined> {
    const purpose = `read the account ${name}`
    try {
      const call = { purpose, method: 'GET', path: principalPath(name), answer: Principal } as const
      return toMailbox(await rest(call, signal))
    } catch (error) {
      if (error instanceof RefusedError && error.code === 'notFound') return undefined
      throw error
    }
  }

  async function create(mailbox: DesiredMailbox, signal: AbortSignal): Promise<void> {
    const body = newPrincipal(mailbox)
    const call = {
      purpose: `create the account ${body.name}`,
      method: 'POST',
      body,
      answer: nothing,
    } as const
    try {
      await rest({ ...call, path: '/api/principal' }, signal)
    } catch (error) {
      // Where people are kept in another directory, this path takes them all the same.
      if (!(error instanceof RefusedError && error.code === 'unsupported')) throw error
      await rest({ ...call, path: '/api/principal/deploy' }, signal)
    }
  }

  return {
    async listMailboxes(domains, signal) {
      const names = domains.map(({ name }) => name)
      const found = new Map<string, Mailbox>()
      for (const name of names) {
        const principals = await allPages('list its accounts', (page) => pageOf(page, name, signal))
        for (const principal of principals) {
          const mailbox = principal.type === 'individual' ? toMailbox(principal) : undefined
          const addresses = mailbox ? [mailbox.address, ...mailbox.aliases] : []
          const isThere = addresses.some((it) => names.includes(it.domainKey))
          if (mailbox && isThere) found.set(mailbox.id, mailbox)
        }
      }
      return [...found.values()]
    },

    async pageOfMailboxes(cursor, signal) {
      const page = pageNumber(cursor)
      const { items, total } = await pageOf(page, undefined, signal)
      const next = items.length > 0 && page * pageSize < total ? String(page + 1) : null
      return { items: items.filter(({ type }) => type === 'individual').map(toMailbox), next }
    },

    async createMailbox(mailbox, signal) {
      try {
        await create(mailbox, signal)
        return undefined
      } catch (error) {
        if (!(error instanceof RefusedError && error.code === 'fieldAlreadyExists')) throw error
        const obstacle = await find(emailOf(mailbox), signal)
        if (!obstacle) throw error
        return obstacle
      }
    },

    async changeMailbox(mailbox, changes, signal) {
      const purpose = `change the account ${mailbox.email}`
      const path = principalPath(mailbox.handle)
      const body = operationsOf(mailbox, changes)
      await rest({ purpose, method: 'PATCH', path, body, answer: nothing }, signal)
    },

    async deleteMailbox(mailbox, signal) {
      const { handle, email } = mailbox
      const purpose = `delete the account ${email}`
      // It is asked for by its name, which may be another one's by now.
      const now = await find(handle, signal)
      if (!now) return
      ensureSameOwner(now, mailbox)
      await unless(
        'notFound',
        rest({ purpose, method: 'DELETE', path: principalPath(handle), answer: nothing }, signal),
      )
    },
  }
}

const emailOf = ({ local, domain }: { local: string; domain: MailDomain }) => `${local}@${domain.name}`

function newPrincipal(mailbox: DesiredMailbox) {
  const { owner, displayName, quotaBytes, isClosed, aliases } = mailbox
  const email = emailOf(mailbox)
  return {
    type: 'individual',
    name: email,
    ...(displayName === null ? {} : { description: displayName }),
    quota: quotaBytes,
    secrets: [],
    emails: [email, ...aliases.map(emailOf)],
    urls: [mailboxStamp(owner)],
    memberOf: [],
    roles: ['user'],
    lists: [],
    members: [],
    enabledPermissions: [],
    disabledPermissions: isClosed ? [signIn] : [],
    externalMembers: [],
  }
}

interface Operation {
  action: 'set' | 'addItem' | 'removeItem'
  field: string
  value: string | number | string[]
}

function operationsOf(mailbox: Mailbox, changes: MailboxChanges): Operation[] {
  const { address, displayName, quotaBytes, isClosed, addAliases = [], removeAliases = [] } = changes
  const operations: Operation[] = []
  const add = (action: Operation['action'], field: string, value: Operation['value']) =>
    operations.push({ action, field, value })
  if (address) {
    const email = emailOf(address)
    const others = [mailbox.email, ...mailbox.aliases.map(({ local, domainKey }) => `${local}@${domainKey}`)]
    const removed = removeAliases.map(emailOf)
    const kept = others.filter((it) => it !== email && it !== mailbox.email && !removed.includes(it))
    const added = addAliases.map(emailOf).filter((it) => !kept.includes(it))
    // The first one is the main one.
    add('set', 'emails', [email, ...kept, ...added])
    add('set', 'name', email)
  } else {
    for (const alias of addAliases) add('addItem', 'emails', emailOf(alias))
    for (const alias of removeAliases) add('removeItem', 'emails', emailOf(alias))
  }
  if (displayName !== undefined) add('set', 'description', displayName ?? '')
  if (quotaBytes !== undefined) add('set', 'quota', quotaBytes)
  if (isClosed !== undefined) add(isClosed ? 'addItem' : 'removeItem', 'disabledPermissions', signIn)
  return operations
}

function toAddress(email: string): Address {
  const at = email.lastIndexOf('@')
  return at < 0
    ? { local: email, domainKey: '' }
    : { local: email.slice(0, at), domainKey: email.slice(at + 1) }
}

function toMailbox(principal: Principal): Mailbox {
  const { id, name, description, urls, quota, usedQuota = 0, disabledPermissions } = principal
  const emails = principal.emails.map((email) => lowerAscii(email))
  const owners = urls.map(stampedOwner).filter((owner) => owner !== null)
  const email = emails[0] ?? lowerAscii(name)
  const mailbox = {
    email,
    address: toAddress(email),
    aliases: emails.slice(1).map(toAddress),
    owner: owners.length === 1 ? (owners[0] ?? null) : null,
    displayName: description ?? null,
    quotaBytes: typeof quota === 'number' && quota > 0 ? quota : null,
    usedBytes: usedQuota,
    isClosed: disabledPermissions.includes(signIn),
  }
  return { id: String(id), handle: name, ...mailbox, fingerprint: mailboxFingerprint(mailbox) }
}
