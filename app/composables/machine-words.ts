import type { IdentityStatus, MachineScope, PrincipalShown } from '#shared/contracts/machines'
import { MachineScope as scopes } from '#shared/contracts/machines'

export const machineStatusWords = {
  pending: { label: 'Waits to be claimed', color: 'info', icon: 'i-lucide-clock' },
  claimed: { label: 'At work', color: 'success', icon: 'i-lucide-circle-check' },
  rejected: { label: 'Refused', color: 'neutral', icon: 'i-lucide-ban' },
  revoked: { label: 'Revoked', color: 'error', icon: 'i-lucide-circle-x' },
} as const satisfies Record<IdentityStatus, object>

/** What each scope lets a machine or a token do, by what it is about. */
const scopeGroups: { title: string; scopes: Partial<Record<MachineScope, string>> }[] = [
  {
    title: 'Secrets of its vaults',
    scopes: {
      'vaults:read': 'See which vaults there are',
      'secrets:list': 'List what a vault holds, without values',
      'secrets:read': 'Read values',
      'secrets:write': 'Write and delete values',
      'secrets:lease': 'Borrow a secret for a time',
    },
  },
  {
    title: 'The tenant',
    scopes: {
      'tenant:read': 'See the tenant',
      'tenant:update': 'Rename the tenant',
      'subscription:read': 'See the plan and its seats',
      'machines:read': 'See machines',
      'audit:read': 'Read the audit',
    },
  },
  {
    title: 'People',
    scopes: {
      'members:read': 'See members',
      'members:manage': 'Add, change and remove members',
      'members:invite': 'Invite people',
      'invitations:read': 'See open invitations',
      'receipts:read': 'See what became of removed access',
    },
  },
  {
    title: 'Services',
    scopes: {
      'domains:read': 'See mail domains',
      'domains:manage': 'Add, verify and remove mail domains',
      'provisioning:read': 'See what is set up at the services',
      'provisioning:reconcile': 'Have the services brought in line',
    },
  },
]

/** What means something for an admin alone, as the server has it too; `machine-words.test.ts` holds them together. */
const forAdmins = new Set<MachineScope>([
  'tenant:update',
  'members:manage',
  'members:invite',
  'receipts:read',
  'invitations:read',
  'domains:manage',
  'provisioning:reconcile',
  'audit:read',
])

/** What a machine or token may be allowed at all. */
export type GrantedRole = 'admin' | 'member'

export const scopesOf = (role: GrantedRole): MachineScope[] =>
  scopes.options.filter((scope) => role === 'admin' || !forAdmins.has(scope))

/** The scopes of a role as choices, by what they are about. */
export const scopeChoices = (role: GrantedRole) =>
  scopeGroups.map(({ title, scopes }) => ({
    title,
    items: Object.entries(scopes)
      .map(([value, label]) => ({ value: value as MachineScope, label }))
      .filter(({ value }) => role === 'admin' || !forAdmins.has(value)),
  }))

const labels = new Map(scopeGroups.flatMap(({ scopes }) => Object.entries(scopes)))
export const scopeLabel = (scope: MachineScope): string => labels.get(scope) ?? scope

/** Chosen at first: what is wanted of most machines, and no more. */
export const usualScopes: readonly MachineScope[] = [
  'tenant:read',
  'vaults:read',
  'secrets:list',
  'secrets:read',
  'secrets:lease',
]

/** How much somebody may, in a word or two. */
export function scopesSummary(granted: readonly MachineScope[] | null): string {
  if (granted === null) return 'Everything its role allows'
  return granted.length === 1 ? scopeLabel(granted[0] as MachineScope) : `${granted.length} permissions`
}

/** For whom something acts, as a sentence goes on. */
export function ownerWords(principal: PrincipalShown | null): string {
  if (!principal) return 'nobody any more'
  return principal.owner.kind === 'service' ? `service ${principal.owner.name}` : principal.owner.name
}
