import type { Domain, MailRecordsState, RecordPurpose, RecordStatus } from '#shared/contracts/domains'
import type { Invitation } from '#shared/contracts/invitations'
import type { Member } from '#shared/contracts/members'
import type {
  PlannedChange,
  ProvisioningRun,
  ProvisioningStep,
  ServiceName,
  StepStatus,
} from '#shared/contracts/provisioning'
import type { TenantRole, TenantStatus } from '#shared/contracts/tenants'
import type { User } from '#shared/contracts/users'
import type { z } from 'zod'

type Color = 'success' | 'info' | 'warning' | 'error' | 'neutral' | 'primary'
interface Words {
  label: string
  color: Color
  icon: string
}

export const tenantStatusWords: Record<TenantStatus, Words> = {
  pending: { label: 'Being set up', color: 'info', icon: 'i-lucide-loader-circle' },
  active: { label: 'Active', color: 'success', icon: 'i-lucide-circle-check' },
  suspended: { label: 'Suspended', color: 'warning', icon: 'i-lucide-circle-pause' },
  archived: { label: 'Archived', color: 'neutral', icon: 'i-lucide-archive' },
  deleting: { label: 'To be deleted', color: 'error', icon: 'i-lucide-trash-2' },
}

export const stepStatusWords: Record<StepStatus, Words> = {
  pending: { label: 'Waiting', color: 'neutral', icon: 'i-lucide-circle-dashed' },
  running: { label: 'Working', color: 'info', icon: 'i-lucide-loader-circle' },
  ok: { label: 'Done', color: 'success', icon: 'i-lucide-circle-check' },
  skipped: { label: 'Skipped', color: 'neutral', icon: 'i-lucide-circle-minus' },
  error: { label: 'Failed', color: 'error', icon: 'i-lucide-circle-alert' },
}

/** A step as it stands: one that is held waits for a person, and not for its turn. */
export function stepWords({ status, held }: Pick<ProvisioningStep, 'status' | 'held'>): Words {
  return held
    ? { label: 'Needs approval', color: 'warning', icon: 'i-lucide-circle-pause' }
    : stepStatusWords[status]
}

/** What each step brings about, by `service/step`. */
const stepLabels: Record<string, string> = {
  'authentik/group': 'Group',
  'authentik/members': 'People and their groups',
  'stalwart/domains': 'Mail domains',
  'stalwart/accounts': 'Mailboxes',
  'ocis/space': 'Space',
  'ocis/members': 'Members of the space',
  'mail/onboarding': 'Welcome mail to members',
}
export const stepLabel = (key: string): string => stepLabels[key] ?? key

/** What a plan does with a thing at a service. */
export const changeWords: Record<PlannedChange['action'], Words> = {
  create: { label: 'Create', color: 'success', icon: 'i-lucide-plus' },
  update: { label: 'Change', color: 'info', icon: 'i-lucide-pencil' },
  delete: { label: 'Delete', color: 'error', icon: 'i-lucide-trash-2' },
  adopt: { label: 'Adopt', color: 'primary', icon: 'i-lucide-link' },
  refuse: { label: 'Refused', color: 'warning', icon: 'i-lucide-ban' },
}

/** What a service does for people, and the product that does it. */
export const serviceWords: Record<ServiceName, { label: string; product: string; icon: string }> = {
  authentik: { label: 'Sign-in and groups', product: 'Authentik', icon: 'i-lucide-fingerprint' },
  stalwart: { label: 'E-mail', product: 'Stalwart', icon: 'i-lucide-mail' },
  ocis: { label: 'Files', product: 'OCIS or OpenCloud', icon: 'i-lucide-folder' },
  mail: { label: 'Welcome mail', product: 'SMTP', icon: 'i-lucide-send' },
}

export const userStatusWords: Record<User['status'], Words> = {
  active: { label: 'Active', color: 'success', icon: 'i-lucide-circle-check' },
  disabled: { label: 'Disabled', color: 'warning', icon: 'i-lucide-user-x' },
  deleted: { label: 'Deleted', color: 'neutral', icon: 'i-lucide-trash-2' },
}

export const roleWords: Record<TenantRole, { label: string; description: string; icon: string }> = {
  owner: { label: 'Owner', description: 'Everything, also naming other owners', icon: 'i-lucide-crown' },
  admin: { label: 'Admin', description: 'Manages members and settings', icon: 'i-lucide-shield' },
  member: { label: 'Member', description: 'Uses the services, sees the tenant', icon: 'i-lucide-user' },
}

/** The roles that somebody can be given, as choices. @param withOwner whether owner is among them */
export function roleChoices(withOwner: boolean) {
  return (['member', 'admin', 'owner'] as const)
    .filter((role) => role !== 'owner' || withOwner)
    .map((role) => ({ value: role, label: roleWords[role].label, description: roleWords[role].description }))
}

/** How somebody became a member. */
export const membershipSourceWords: Record<Member['source'], { label: string; icon: string }> = {
  manual: { label: 'Added by hand', icon: 'i-lucide-user-plus' },
  idp: { label: 'From the identity provider', icon: 'i-lucide-fingerprint' },
  invitation: { label: 'By invitation', icon: 'i-lucide-mail-check' },
}

export const invitationDeliveryWords: Record<Invitation['delivery'], Words> = {
  sent: { label: 'Sent', color: 'success', icon: 'i-lucide-mail-check' },
  failed: { label: 'Not sent', color: 'error', icon: 'i-lucide-mail-x' },
  by_hand: { label: 'Link handed over', color: 'neutral', icon: 'i-lucide-link' },
}

export const domainStatusWords: Record<Domain['status'], Words> = {
  pending: { label: 'Not verified', color: 'warning', icon: 'i-lucide-circle-dashed' },
  verified: { label: 'Verified', color: 'success', icon: 'i-lucide-badge-check' },
}

export const recordStatusWords: Record<RecordStatus, Words> = {
  ok: { label: 'As it should be', color: 'success', icon: 'i-lucide-circle-check' },
  missing: { label: 'Missing', color: 'error', icon: 'i-lucide-circle-x' },
  different: { label: 'Different', color: 'warning', icon: 'i-lucide-circle-alert' },
  unknown: { label: 'Not looked up', color: 'neutral', icon: 'i-lucide-circle-help' },
}
export const recordDriftWords: Words = {
  label: 'Changed',
  color: 'warning',
  icon: 'i-lucide-triangle-alert',
}

/** What a record is for. */
export const recordPurposeWords: Record<RecordPurpose, string> = {
  ownership: 'Shows that the domain is yours',
  mx: 'Brings mail to the mail server (MX)',
  spf: 'Says who may send mail (SPF)',
  dkim: 'Lets others check signatures (DKIM)',
  dmarc: 'Says what to do with forged mail (DMARC)',
  clients: 'Sets mail programs up',
  other: 'Also wanted by the mail server',
}

/** What is said below the records of a verified domain; nothing where they are all there. */
export const mailRecordsWords: Record<MailRecordsState, string | undefined> = {
  none: undefined,
  pending:
    'The mail server is being told of the domain. What else has to be in its DNS is listed here as soon as the mail server says so.',
  listed: undefined,
  unreachable: 'The mail server could not be asked for its records. They may have changed.',
}

type Run = z.output<typeof ProvisioningRun>
export const runStatusWords: Record<Run['status'], Words> = {
  running: { label: 'Running', color: 'info', icon: 'i-lucide-loader-circle' },
  done: { label: 'Done', color: 'success', icon: 'i-lucide-circle-check' },
  failed: { label: 'Failed', color: 'error', icon: 'i-lucide-circle-alert' },
}
export const runCauseWords: Record<Run['cause'], string> = {
  created: 'The tenant was created',
  requested: 'Somebody asked for it',
  retry: 'Another attempt',
  changed: 'The tenant was changed',
  drift: 'A service had drifted',
  suspended: 'The tenant was suspended',
  resumed: 'The tenant was resumed',
  archived: 'The tenant was archived',
  deleted: 'The tenant was deleted',
  restored: 'The tenant was restored',
  purged: 'Its time of grace was over',
}

/** `tenant.plan_changed` as a sentence begins: `Tenant plan changed`. */
export function actionWords(action: string): string {
  const text = action.replace(/[._]/g, ' ').trim()
  return text.charAt(0).toUpperCase() + text.slice(1)
}

/** Storage in words, of whole gibibytes. */
export function storageWords(gibibytes: number): string {
  return `${gibibytes.toLocaleString('en')}\u00a0GiB`
}

const bytesPerGibibyte = 2 ** 30

/** What a field of a thing at a service holds; a quota is in bytes there. */
export function fieldValueWords(field: string, value: string | number | null): string {
  if (value === null || value === '') return 'nothing'
  if (field !== 'quota' || typeof value !== 'number') return String(value)
  const isLarge = value >= bytesPerGibibyte
  const amount = isLarge ? value / bytesPerGibibyte : value / 2 ** 20
  const text = amount.toLocaleString('en', { maximumFractionDigits: 2 })
  return `${text}\u00a0${isLarge ? 'GiB' : 'MiB'}`
}

/** Up to two letters that stand for a name. */
export function initials(name: string): string {
  const words = name.trim().split(/\s+/)
  return [words[0], words.length > 1 ? words.at(-1) : undefined]
    .map((word) => [...(word ?? '')][0] ?? '')
    .join('')
    .toUpperCase()
}
