import type { PlannedChange } from '#server/provisioning/step-planner.port'
import { field, refuse } from './changes'
import type { DesiredMailbox, Directory, Mailbox, MailboxChanges, MailDomain } from './directory'
import { failed, isTaken } from './failure'
import { mailboxStamp } from './stamp'

/** What makes a mailbox as it should be, or why that can not be. @param takenBy who has an address, by `local@key` */
export function planMailbox(
  directory: Directory,
  mailbox: Mailbox | undefined,
  desired: DesiredMailbox,
  takenBy: ReadonlyMap<string, Mailbox>,
): PlannedChange[] {
  const { local, domain } = desired
  const email = `${local}@${domain.name}`
  const holderOf = (it: { local: string; domain: MailDomain }) => {
    const holder = takenBy.get(`${it.local}@${it.domain.key}`)
    return holder && holder !== mailbox ? holder : undefined
  }
  const holder = holderOf(desired)
  if (holder) {
    const refusal = refuse('account', email, whyTaken(email, holder, desired))
    // Whatever else is in the way, a mailbox opens and closes with its tenant.
    const signIn = mailbox ? planSignIn(directory, mailbox, desired.isClosed) : []
    return [...signIn, ...(desired.isClosed ? [] : [refusal])]
  }
  const refused = desired.isClosed ? [] : desired.aliases.filter(holderOf)
  const aliases = desired.aliases.filter((alias) => !holderOf(alias))
  const refusals = refused.map((alias) => {
    const name = `${alias.local}@${alias.domain.name}`
    return refuse(
      'alias',
      name,
      `Stalwart has this address for ${holderOf(alias)?.email}: take it from there.`,
    )
  })
  if (mailbox) return [...planChanges(directory, mailbox, { ...desired, aliases }), ...refusals]
  // Nobody gets into a closed tenant, and there is no mail to keep.
  if (desired.isClosed) return []
  const apply = (signal: AbortSignal) => create(directory, { ...desired, aliases }, signal)
  return [{ action: 'create', kind: 'account', name: email, reason: noPassword, apply }, ...refusals]
}

const noPassword =
  'Without a password: mail is signed in to through the identity provider, or with one that is set at Stalwart.'

const whyTaken = (email: string, holder: Mailbox, { owner }: DesiredMailbox): string =>
  holder.owner
    ? `Stalwart has the address ${email} for somebody else (account ${holder.email}), by its stamp: it is kept for them.`
    : `Stalwart has the address ${email} (account ${holder.email}) already, and Tenantry did not make it: remove it ` +
      `there, or stamp it with ${mailboxStamp(owner)} to hand it over with its mail.`

function planChanges(directory: Directory, mailbox: Mailbox, desired: DesiredMailbox): PlannedChange[] {
  const { local, domain, displayName, quotaBytes, isClosed } = desired
  const isMoved = mailbox.address.local !== local || mailbox.address.domainKey !== domain.key
  const has = (alias: { local: string; domain: MailDomain }) =>
    mailbox.aliases.some((it) => it.local === alias.local && it.domainKey === alias.domain.key)
  const addAliases = desired.aliases.filter((alias) => !has(alias))
  const added = addAliases.map((alias) => `${alias.local}@${alias.domain.name}`).join(', ')
  const changes: MailboxChanges = {
    ...(isMoved ? { address: { local, domain } } : {}),
    ...(displayName === mailbox.displayName ? {} : { displayName }),
    ...(quotaBytes === mailbox.quotaBytes ? {} : { quotaBytes }),
    ...(isClosed === mailbox.isClosed ? {} : { isClosed }),
    ...(addAliases.length > 0 ? { addAliases } : {}),
  }
  if (Object.keys(changes).length === 0) return []
  const fields = {
    ...(changes.address ? field('address', mailbox.email, `${local}@${domain.name}`) : {}),
    ...('displayName' in changes ? field('name', mailbox.displayName, displayName) : {}),
    ...('quotaBytes' in changes ? field('quota', mailbox.quotaBytes, quotaBytes) : {}),
    ...('isClosed' in changes ? signInField(isClosed) : {}),
    ...('addAliases' in changes ? field('aliases', null, added) : {}),
  }
  const apply = (signal: AbortSignal) => directory.changeMailbox(mailbox, changes, signal)
  return [{ action: 'update', kind: 'account', name: mailbox.email, fields, apply }]
}

const signInField = (isClosed: boolean) => field('sign-in', isClosed ? 'on' : 'off', isClosed ? 'off' : 'on')

/** Switches signing in on or off where it is not so. */
export function planSignIn(
  directory: Directory,
  mailbox: Mailbox,
  isClosed: boolean,
  reason?: string,
): PlannedChange[] {
  if (mailbox.isClosed === isClosed) return []
  return [
    {
      action: 'update',
      kind: 'account',
      name: mailbox.email,
      fields: signInField(isClosed),
      ...(reason === undefined ? {} : { reason }),
      apply: (signal) => directory.changeMailbox(mailbox, { isClosed }, signal),
    },
  ]
}

async function create(directory: Directory, desired: DesiredMailbox, signal: AbortSignal): Promise<void> {
  const email = `${desired.local}@${desired.domain.name}`
  let obstacle: Mailbox | undefined
  try {
    obstacle = await directory.createMailbox(desired, signal)
  } catch (error) {
    if (!isTaken(error)) throw error
    throw failed('conflict', `${error.message}; it is no account of ours: remove it there.`)
  }
  const { owner } = desired
  if (!obstacle || (obstacle.owner?.tenantId === owner.tenantId && obstacle.owner.userId === owner.userId))
    return
  throw failed('conflict', whyTaken(email, obstacle, desired))
}
