import { lowerAscii } from '#server/lib/ascii'
import type { DesiredMailbox, Directory, Mailbox, MailboxChanges, MailDomain } from './directory'
import { ensureSameOwner, mailboxFingerprint } from './directory'
import { isObjectOf, isTaken, ObstructedError, refusedWithin } from './failure'
import type { Asked, Jmap } from './jmap'
import { mailboxStamp, stampAlias, stampedOwner } from './stamp'
import { AccountObject, type UserObject } from './wire'

const signIn = 'authenticate'

const accounts = (purpose: string): Asked<typeof AccountObject> => ({
  purpose,
  type: 'x:Account',
  properties: [
    '@type',
    'name',
    'domainId',
    'emailAddress',
    'description',
    'aliases',
    'quotas',
    'usedDiskQuota',
    'permissions',
  ],
  object: AccountObject,
})

type Mailboxes = Pick<
  Directory,
  'listMailboxes' | 'pageOfMailboxes' | 'createMailbox' | 'changeMailbox' | 'deleteMailbox'
>

/**
 * Mailboxes are accounts of the type User. They are never given credentials: who signs in does so through the
 * identity provider, or with a password that an operator sets at Stalwart. The stamp is the description of an alias
 * that is switched off, since the account's own description is the person's name, which mail shows.
 */
export function createJmapMailboxes(jmap: Jmap): Mailboxes {
  async function read(id: string, purpose: string, signal: AbortSignal): Promise<UserObject | undefined> {
    const [account] = await jmap.get(accounts(purpose), [id], signal)
    return account && isUser(account) ? account : undefined
  }

  return {
    async listMailboxes(domains, signal) {
      const filters = domains.map(({ id }) => ({ domainId: id }))
      const found = await jmap.find(accounts('list the accounts of a domain'), filters, signal)
      const keys = new Set(domains.map(({ key }) => key))
      const unique = new Map(toMailboxes(found).map((mailbox) => [mailbox.id, mailbox]))
      return [...unique.values()].filter(({ address }) => keys.has(address.domainKey))
    },

    async pageOfMailboxes(cursor, signal) {
      const { items, next } = await jmap.page(accounts('list its accounts'), cursor, signal)
      return { items: toMailboxes(items), next }
    },

    async createMailbox(mailbox, signal) {
      const purpose = `create the account ${mailbox.local}@${mailbox.domain.name}`
      try {
        await jmap.set(purpose, 'x:Account', { create: newAccount(mailbox) }, signal)
        return undefined
      } catch (error) {
        const inTheWay = error instanceof ObstructedError && isTaken(error) ? error.obstacle : undefined
        if (!inTheWay || !isObjectOf('Account', inTheWay)) throw error
        const obstacle = await read(inTheWay.id, 'read an account that is there already', signal)
        if (!obstacle) throw error
        return toMailbox(obstacle)
      }
    },

    async changeMailbox(mailbox, changes, signal) {
      const { id, email } = mailbox
      const purpose = `change the account ${email}`
      const account = await read(id, purpose, signal)
      if (!account) {
        const message = `Stalwart has no account ${email} any more`
        throw refusedWithin('notFound', { kind: 'rejected', message, retryable: true })
      }
      ensureSameOwner(toMailbox(account), mailbox)
      const patch = patchOf(account, changes)
      await jmap.set(purpose, 'x:Account', { update: { id, patch } }, signal)
    },

    async deleteMailbox(mailbox, signal) {
      const { id, email } = mailbox
      const purpose = `delete the account ${email}`
      const account = await read(id, purpose, signal)
      if (!account) return
      ensureSameOwner(toMailbox(account), mailbox)
      await jmap.set(purpose, 'x:Account', { destroy: [id] }, signal)
    },
  }
}

const listOf = <Item>(items: readonly Item[]): Record<string, Item> =>
  Object.fromEntries(items.map((item, index) => [String(index), item]))
const setOf = (items: readonly string[]): Record<string, true> =>
  Object.fromEntries(items.map((item) => [item, true]))
const aliasOf = ({ local, domain }: { local: string; domain: MailDomain }) => ({
  name: local,
  domainId: domain.id,
  enabled: true,
})

function newAccount(mailbox: DesiredMailbox) {
  const { owner, local, domain, displayName, quotaBytes, isClosed, aliases } = mailbox
  const stamp = {
    name: stampAlias(owner.userId),
    domainId: domain.id,
    enabled: false,
    description: mailboxStamp(owner),
  }
  return {
    '@type': 'User',
    name: local,
    domainId: domain.id,
    ...(displayName === null ? {} : { description: displayName }),
    aliases: listOf([stamp, ...aliases.map(aliasOf)]),
    quotas: { maxDiskQuota: quotaBytes },
    roles: { '@type': 'User' },
    permissions: isClosed
      ? { '@type': 'Merge', enabledPermissions: {}, disabledPermissions: setOf([signIn]) }
      : { '@type': 'Inherit' },
    memberGroupIds: {},
    encryptionAtRest: { '@type': 'Disabled' },
  }
}

/** Lists and permissions are replaced whole, so that they are made of what the account has at this moment. */
function patchOf(account: UserObject, changes: MailboxChanges): Record<string, unknown> {
  const { address, displayName, quotaBytes, isClosed, addAliases = [], removeAliases = [] } = changes
  const patch: Record<string, unknown> = {}
  if (displayName !== undefined) patch.description = displayName
  if (quotaBytes !== undefined) patch['quotas/maxDiskQuota'] = quotaBytes
  if (address) Object.assign(patch, { name: address.local, domainId: address.domain.id })
  if (isClosed !== undefined) patch.permissions = permissionsOf(account, isClosed)
  if (address || addAliases.length > 0 || removeAliases.length > 0) {
    const isGone = (name: string, domainId: string) =>
      [...removeAliases, ...(address ? [address] : [])].some(
        ({ local, domain }) => local === name && domain.id === domainId,
      )
    const kept = Object.values(account.aliases)
      .filter(({ name, domainId, enabled }) => !(enabled && isGone(name, domainId)))
      // The stamp moves with the mailbox, so that the domain that it leaves can go.
      .map((alias) => (address && isStamp(alias) ? { ...alias, domainId: address.domain.id } : alias))
      .map(({ description, ...alias }) => ({ ...alias, ...(description ? { description } : {}) }))
    const isThere = (name: string, domainId: string) =>
      kept.some((alias) => alias.name === name && alias.domainId === domainId)
    const added = addAliases.map(aliasOf).filter(({ name, domainId }) => !isThere(name, domainId))
    patch.aliases = listOf([...kept, ...added])
  }
  return patch
}

function permissionsOf({ permissions }: UserObject, isClosed: boolean) {
  const { '@type': type, enabledPermissions, disabledPermissions } = permissions
  const others = disabledPermissions.filter((it) => it !== signIn)
  const disabled = isClosed ? [...others, signIn] : others
  if (type !== 'Replace' && enabledPermissions.length === 0 && disabled.length === 0)
    return { '@type': 'Inherit' }
  return {
    '@type': type === 'Inherit' ? 'Merge' : type,
    enabledPermissions: setOf(enabledPermissions),
    disabledPermissions: setOf(disabled),
  }
}

type Alias = UserObject['aliases'][string]
const isStamp = ({ enabled, name, description }: Alias) => {
  const owner = stampedOwner(description)
  return !enabled && owner !== null && name === stampAlias(owner.userId)
}

const isUser = (account: AccountObject): account is UserObject => account['@type'] === 'User'
const toMailboxes = (found: readonly AccountObject[]) => found.filter(isUser).map(toMailbox)

function toMailbox(account: UserObject): Mailbox {
  const { id, name, domainId, emailAddress, description, quotas, usedDiskQuota, permissions } = account
  const aliases = Object.values(account.aliases)
  const stamps = aliases.filter(isStamp)
  const mailbox = {
    email: lowerAscii(emailAddress),
    address: { local: lowerAscii(name), domainKey: domainId },
    aliases: aliases
      .filter(({ enabled }) => enabled)
      .map((alias) => ({ local: lowerAscii(alias.name), domainKey: alias.domainId })),
    owner: stamps.length === 1 ? stampedOwner(stamps[0]?.description) : null,
    displayName: description ?? null,
    quotaBytes: quotas.maxDiskQuota ?? null,
    usedBytes: usedDiskQuota ?? null,
    isClosed: permissions['@type'] !== 'Inherit' && permissions.disabledPermissions.includes(signIn),
  }
  return { id, handle: id, ...mailbox, fingerprint: mailboxFingerprint(mailbox) }
}
