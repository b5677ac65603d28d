import type { DesiredTenant } from '#server/provisioning/step-planner.port'
import type { DesiredMailbox, Directory, MailboxChanges, MailDomain } from './directory'
import { whyNotOurs } from './domains'
import { failed } from './failure'

/** Of a domain that is not there yet: known by its name alone. */
const notThereYet = ''

/**
 * The domains that the step `domains` makes before mailboxes are: so a plan shows what comes after them, and whoever
 * approves it approves the mailboxes too.
 *
 * @param found all that have one of the tenant's names
 */
export function expectedDomains(tenant: DesiredTenant, found: readonly MailDomain[]): MailDomain[] {
  if (tenant.state !== 'active') return []
  const isExpected = (name: string) =>
    !found.some((domain) => domain.name === name) && whyNotOurs(tenant, name, found) === undefined
  return tenant.domains.filter(isExpected).map((name) => ({
    id: notThereYet,
    // No name and no id has a space in it.
    key: `to come: ${name}`,
    name,
    aliases: [],
    tenantId: tenant.id,
    isEnabled: true,
    signing: 'missing',
    fingerprint: '',
  }))
}

/** The directory, which looks for domains that were expected when a mailbox is made on them or moved there. */
export function withExpected(directory: Directory, tenant: DesiredTenant): Directory {
  async function real<It extends { domain: MailDomain }>(items: readonly It[], signal: AbortSignal) {
    const names = items.flatMap(({ domain }) => (domain.id === notThereYet ? [domain.name] : []))
    if (names.length === 0) return items
    const found = await directory.findDomains(names, tenant.id, signal)
    return items.map((item) => {
      if (item.domain.id !== notThereYet) return item
      const { name } = item.domain
      const domain = found.find((it) => it.name === name && it.tenantId === tenant.id)
      if (!domain)
        throw failed('unavailable', `Stalwart has no domain ${name} of ours: its own step comes first.`)
      return { ...item, domain }
    })
  }
  return {
    ...directory,
    async createMailbox(mailbox: DesiredMailbox, signal) {
      const [main = mailbox, ...aliases] = await real([mailbox, ...mailbox.aliases], signal)
      return directory.createMailbox({ ...mailbox, domain: main.domain, aliases }, signal)
    },
    async changeMailbox(mailbox, changes: MailboxChanges, signal) {
      const { address, addAliases } = changes
      const moved = address && (await real([address], signal))[0]
      const added = addAliases && (await real(addAliases, signal))
      const settled = { ...(moved && { address: moved }), ...(added && { addAliases: added }) }
      return directory.changeMailbox(mailbox, { ...changes, ...settled }, signal)
    },
  }
}
