import type {
  AccessRead,
  DesiredMember,
  DesiredTenant,
  PlannedChange,
  StepPlanner,
  Use,
} from '#server/provisioning/step-planner.port'
import { accountResource, deletion, enumerate } from './changes'
import type { DesiredMailbox, Directory, Mailbox, MailDomain } from './directory'
import { inOrder } from './domains'
import { expectedDomains, withExpected } from './expected'
import { planMailbox, planSignIn } from './mailbox-plan'

/**
 * The step `accounts`, which comes after `domains`: a mailbox for each member on the tenant's first domain, with the
 * same address on its others.
 *
 * A mailbox is never deleted while its tenant is there, since its mail would be lost: of who leaves, and of all in a
 * closed tenant, signing in is switched off, which ends every way in; mail is still taken in. Who comes back gets
 * theirs back. Addresses, permissions and passwords that an operator adds at Stalwart are left as they are.
 */
export function createAccountsPlanner(directory: Directory): StepPlanner {
  return {
    service: 'stalwart',
    step: 'accounts',

    async plan(tenant, _known, signal) {
      const found = await directory.findDomains(tenant.domains, tenant.id, signal)
      const domains = inOrder(
        [...found.filter(({ tenantId }) => tenantId === tenant.id), ...expectedDomains(tenant, found)],
        tenant,
      )
      // On whatever has one of the names, ours or not: a mailbox is ours by its own stamp, and has to close.
      const mailboxes = found.length > 0 ? await directory.listMailboxes(found, signal) : []
      const ours = mailboxes
        .filter(({ owner }) => owner?.tenantId === tenant.id)
        .sort((one, other) => (one.email < other.email ? -1 : 1))
      const resources = ours.map(accountResource)
      if (tenant.state === 'purged')
        return { resources, changes: ours.map((mailbox) => deletion(directory, mailbox)), notes: [] }
      const actual = withExpected(directory, tenant)
      const { changes, notes } = planMembers({ directory: actual, tenant, domains, mailboxes, ours })
      return { resources, changes, notes, accessOf: accessIn(ours), uses: usesOf(ours) }
    },

    async survey(cursor, signal) {
      const { items, next } = await directory.pageOfMailboxes(cursor, signal)
      const found = items
        .filter(({ owner }) => owner !== null)
        .map((mailbox) => ({ ...accountResource(mailbox), tenantId: mailbox.owner?.tenantId ?? null }))
      return { found, next }
    },
  }
}

function accessIn(ours: readonly Mailbox[]): (userId: string) => AccessRead {
  return (userId) => {
    const theirs = ours.filter(({ owner }) => owner?.userId === userId)
    const open = theirs.filter(({ isClosed }) => !isClosed)
    if (open.length > 0) return { hasAccess: true, found: `${enumerate(open.map(emailOf))}: sign-in on.` }
    const found = `${enumerate(theirs.map(emailOf))}: sign-in off, mail kept.`
    return { hasAccess: false, found: theirs.length > 0 ? found : 'There is no mailbox of theirs.' }
  }
}

const emailOf = ({ email }: Mailbox) => email

const usesOf = (ours: readonly Mailbox[]): Use[] =>
  ours.flatMap(({ email, usedBytes }) =>
    usedBytes === null ? [] : [{ of: 'mailbox' as const, name: email, usedBytes }],
  )

interface Situation {
  directory: Directory
  tenant: DesiredTenant
  /** Ours, in their order, those among them that are about to be made. */
  domains: readonly MailDomain[]
  /** All on them, and on others with one of the tenant's names. */
  mailboxes: readonly Mailbox[]
  /** Those with the tenant's stamp. */
  ours: readonly Mailbox[]
}

function planMembers(situation: Situation): { changes: PlannedChange[]; notes: string[] } {
  const { directory, tenant, domains, mailboxes, ours } = situation
  const [first] = tenant.domains
  const primary = domains.find(({ name }) => name === first)
  const others = domains.filter(({ name }) => name !== first && tenant.domains.includes(name))
  const takenBy = holders(mailboxes)
  const byUser = Map.groupBy(ours, ({ owner }) => owner?.userId)
  const kept = new Set<Mailbox>()
  const changes: PlannedChange[] = []

  for (const member of tenant.members) {
    const candidates = byUser.get(member.userId) ?? []
    const isMain = ({ address }: Mailbox) =>
      address.local === member.mailbox && address.domainKey === primary?.key
    const mailbox = candidates.find(isMain) ?? candidates[0]
    if (mailbox) kept.add(mailbox)
    if (!primary || member.mailbox === null) {
      if (mailbox) changes.push(...planSignIn(directory, mailbox, tenant.state === 'closed'))
      continue
    }
    const desired = desiredMailbox(tenant, member, member.mailbox, primary, others)
    changes.push(...planMailbox(directory, mailbox, desired, takenBy))
  }
  for (const mailbox of ours) {
    if (!kept.has(mailbox)) changes.push(...planSignIn(directory, mailbox, true, theyLeft))
  }
  const isWaiting = first !== undefined && !primary && tenant.state === 'active'
  return {
    changes,
    notes: isWaiting ? [`Mailboxes are made once Stalwart has ${first} for the tenant.`] : [],
  }
}

const theyLeft = 'It belongs to nobody in the tenant: its mail is kept, and nobody can sign in to it.'

function desiredMailbox(
  tenant: DesiredTenant,
  { userId, name }: DesiredMember,
  local: string,
  domain: MailDomain,
  others: readonly MailDomain[],
): DesiredMailbox {
  return {
    owner: { tenantId: tenant.id, userId },
    local,
    domain,
    displayName: name.trim() || null,
    quotaBytes: tenant.mailboxBytes,
    isClosed: tenant.state === 'closed',
    aliases: others.map((other) => ({ local, domain: other })),
  }
}

/** Who has an address, by `local@key`. */
function holders(mailboxes: readonly Mailbox[]): Map<string, Mailbox> {
  return new Map(
    mailboxes.flatMap((mailbox) =>
      [mailbox.address, ...mailbox.aliases].map(({ local, domainKey }) => [`${local}@${domainKey}`, mailbox]),
    ),
  )
}
