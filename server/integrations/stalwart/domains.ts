import type { DesiredTenant, PlannedChange, StepPlanner } from '#server/provisioning/step-planner.port'
import { deletion, domainResource, enumerate, field, isOn, refuse } from './changes'
import type { Directory, Mailbox, MailDomain } from './directory'
import { failed, isTaken } from './failure'
import { domainStamp } from './stamp'

/** What a plan gathers. */
interface Draft {
  changes: PlannedChange[]
  notes: string[]
}

/** What a plan gathers of domains that the tenant is to have. */
interface DomainsDraft extends Draft {
  /** Keys to be made, and those to be waited for: they come last, since all else need not wait for them. */
  missing: PlannedChange[]
  pending: PlannedChange[]
}

/**
 * The step `domains`: each verified domain of a tenant, with both DKIM keys. While a tenant is closed nothing is
 * made and nothing removed, so that its mail is still taken in. What is no longer the tenant's is deleted once no
 * mailbox is on it; of a purged tenant after its mailboxes, in the order that Stalwart asks for.
 */
export function createDomainsPlanner(directory: Directory): StepPlanner {
  return {
    service: 'stalwart',
    step: 'domains',

    async plan(tenant, _known, signal) {
      const found = await directory.findDomains(tenant.domains, tenant.id, signal)
      const ours = inOrder(
        found.filter(({ tenantId }) => tenantId === tenant.id),
        tenant,
      )
      const draft: Draft = { changes: [], notes: [] }
      if (tenant.state === 'purged') {
        const mailboxes = await mailboxesOn(directory, ours, signal)
        planPurge(directory, tenant, ours, mailboxes, draft)
      } else {
        const domains: DomainsDraft = { ...draft, missing: [], pending: [] }
        for (const name of tenant.domains) planDomain(directory, tenant, name, found, domains)
        const dropped = ours.filter(({ name }) => !tenant.domains.includes(name))
        if (tenant.state === 'active' && dropped.length > 0) {
          const mailboxes = await directory.listMailboxes(ours, signal)
          for (const domain of dropped) planDrop(directory, tenant, domain, mailboxes, draft)
        }
        draft.changes.push(...domains.missing, ...domains.pending)
      }
      return { resources: ours.map(domainResource), ...draft }
    },

    async survey(cursor, signal) {
      const { items, next } = await directory.pageOfDomains(cursor, signal)
      const found = items
        .filter(({ tenantId }) => tenantId !== null)
        .map((domain) => ({ ...domainResource(domain), tenantId: domain.tenantId }))
      return { found, next }
    },
  }
}

const mailboxesOn = (directory: Directory, domains: readonly MailDomain[], signal: AbortSignal) =>
  domains.length > 0 ? directory.listMailboxes(domains, signal) : Promise.resolve([])

/** As the tenant has them, and then by name what it no longer has. */
export function inOrder(domains: readonly MailDomain[], tenant: DesiredTenant): MailDomain[] {
  const place = ({ name }: MailDomain) => (tenant.domains.indexOf(name) + 1 || Number.MAX_SAFE_INTEGER) - 1
  return [...domains].sort((one, other) => place(one) - place(other) || (one.name < other.name ? -1 : 1))
}

function planDomain(
  directory: Directory,
  tenant: DesiredTenant,
  name: string,
  found: readonly MailDomain[],
  { changes, notes, missing, pending }: DomainsDraft,
): void {
  const domain = found.find((it) => it.name === name)
  const reason = whyNotOurs(tenant, name, found)
  if (reason !== undefined) {
    if (tenant.state === 'active') changes.push(refuse('domain', name, reason))
    else notes.push(reason)
    return
  }
  const sign = {
    action: 'create',
    kind: 'dkim',
    name,
    apply: (signal: AbortSignal) => directory.ensureSigning(name, tenant.id, signal),
  } as const
  if (!domain) {
    if (tenant.state !== 'active') return
    const apply = (signal: AbortSignal) => create(directory, tenant, name, signal)
    changes.push({ action: 'create', kind: 'domain', name, apply })
    pending.push(sign)
    return
  }
  if (!domain.isEnabled) {
    changes.push({
      action: 'update',
      kind: 'domain',
      name,
      fields: field('enabled', 'no', 'yes'),
      apply: (signal) => directory.enableDomain(domain, signal),
    })
  }
  if (domain.signing === 'missing') missing.push(sign)
  // Nothing of a closed tenant waits for keys: who is to be out of its mailboxes is out at once.
  else if (domain.signing === 'pending' && tenant.state === 'active') pending.push(sign)
  else if (domain.signing === 'pending') notes.push(`Stalwart is still making the DKIM keys of ${name}.`)
}

/** @returns why a name can't be the tenant's; undefined where it is, or nobody has it */
export function whyNotOurs(
  tenant: DesiredTenant,
  name: string,
  found: readonly MailDomain[],
): string | undefined {
  const domain = found.find((it) => it.name === name)
  if (domain?.tenantId === tenant.id) return undefined
  if (domain?.tenantId) return `Stalwart has the domain ${name} for another tenant, by its description.`
  if (domain) {
    return (
      `Stalwart has ${name} (${domain.id}) already, and Tenantry did not make it: remove it there, or write ` +
      `${domainStamp(tenant.id)} into the description of the domain to hand it over.`
    )
  }
  const other = found.find(({ aliases }) => aliases.includes(name))
  return other && `At Stalwart ${name} is an alias of the domain ${other.name}: remove it there.`
}

async function create(
  directory: Directory,
  tenant: DesiredTenant,
  name: string,
  signal: AbortSignal,
): Promise<void> {
  try {
    await directory.createDomain(name, tenant.id, signal)
  } catch (error) {
    if (!isTaken(error)) throw error
    const found = await directory.findDomains([name], tenant.id, signal)
    const reason = whyNotOurs(tenant, name, found)
    if (reason !== undefined) throw failed('conflict', reason)
    if (!found.some((it) => it.name === name))
      throw failed('conflict', `${error.message}; yet it shows none.`)
  }
}

function planPurge(
  directory: Directory,
  tenant: DesiredTenant,
  ours: readonly MailDomain[],
  mailboxes: readonly Mailbox[],
  { changes }: Draft,
): void {
  const isOurs = ({ owner }: Mailbox) => owner?.tenantId === tenant.id
  changes.push(...mailboxes.filter(isOurs).map((mailbox) => deletion(directory, mailbox)))
  for (const domain of ours) {
    const others = mailboxes.filter((mailbox) => !isOurs(mailbox) && isOn(mailbox, domain))
    if (others.length > 0) {
      const names = enumerate(others.map(({ email }) => email))
      const reason = `Stalwart has accounts on ${domain.name} that Tenantry did not make: ${names}. Remove them there.`
      changes.push(refuse('domain', domain.name, reason))
    } else {
      changes.push(...removal(directory, tenant, domain))
    }
  }
}

function planDrop(
  directory: Directory,
  tenant: DesiredTenant,
  domain: MailDomain,
  mailboxes: readonly Mailbox[],
  { changes, notes }: Draft,
): void {
  const users = mailboxes.filter((mailbox) => isOn(mailbox, domain))
  const isInTheWay = ({ owner, address }: Mailbox) =>
    owner?.tenantId !== tenant.id || address.domainKey === domain.key
  const inTheWay = users.filter(isInTheWay).map(({ email }) => email)
  if (inTheWay.length > 0) {
    notes.push(
      `${domain.name} is no longer the tenant's, and stays at Stalwart while it has mailboxes: ${enumerate(inTheWay)}.`,
    )
    return
  }
  for (const mailbox of users) {
    const removeAliases = mailbox.aliases
      .filter(({ domainKey }) => domainKey === domain.key)
      .map(({ local }) => ({ local, domain }))
    const names = removeAliases.map(({ local }) => `${local}@${domain.name}`).join(', ')
    changes.push({
      action: 'update',
      kind: 'account',
      name: mailbox.email,
      fields: field('aliases', names, null),
      apply: (signal) => directory.changeMailbox(mailbox, { removeAliases }, signal),
    })
  }
  changes.push(...removal(directory, tenant, domain))
}

/** The keys first: Stalwart deletes no domain that something refers to. */
function removal(directory: Directory, tenant: DesiredTenant, domain: MailDomain): PlannedChange[] {
  const { name } = domain
  const unlessUsed = (remove: typeof directory.deleteDomain) => async (signal: AbortSignal) => {
    await ensureFree(directory, tenant, domain, signal)
    await remove(domain, signal)
  }
  return [
    { action: 'delete', kind: 'dkim', name, apply: unlessUsed(directory.deleteKeys) },
    { action: 'delete', kind: 'domain', name, apply: unlessUsed(directory.deleteDomain) },
  ]
}

/**
 * Looks again right before something is deleted for good: somebody may have come since it was planned, and 0.15 deletes
 * a domain under its mailboxes.
 *
 * @throws IntegrationError `conflict`, to be planned anew
 */
async function ensureFree(
  directory: Directory,
  tenant: DesiredTenant,
  { id, name }: MailDomain,
  signal: AbortSignal,
): Promise<void> {
  const found = await directory.findDomains([name], tenant.id, signal)
  const now = found.find((domain) => domain.id === id || domain.name === name)
  if (!now) return
  const isOurs = now.id === id && now.tenantId === tenant.id
  const users = isOurs ? (await directory.listMailboxes([now], signal)).filter((it) => isOn(it, now)) : []
  if (isOurs && users.length === 0) return
  const why = isOurs ? `has mailboxes: ${enumerate(users.map(({ email }) => email))}` : 'is somebody else’s'
  throw failed('conflict', `By now the domain ${name} ${why}. It is left as it is.`, { retryable: true })
}
