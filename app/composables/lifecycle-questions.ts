import type { AccessReceipt } from '#shared/contracts/receipts'
import type { Tenant, TenantStatus } from '#shared/contracts/tenants'
import type { Question } from './use-confirm'

export type LifecycleMove = 'suspend' | 'resume' | 'archive' | 'restore' | 'delete'

interface Choice {
  name: LifecycleMove
  label: string
  icon: string
  /** What becomes of the tenant, in one sentence. */
  meaning: string
  /** Where it can be chosen. */
  from: readonly TenantStatus[]
}

/** What an operator can make of a tenant, in the order in which it is shown. A deletion is taken back by its notice. */
export const lifecycleChoices: readonly Choice[] = [
  {
    name: 'resume',
    label: 'Resume',
    icon: 'i-lucide-play',
    meaning: 'Lets its people in again, as soon as every service has confirmed it.',
    from: ['suspended'],
  },
  {
    name: 'restore',
    label: 'Restore',
    icon: 'i-lucide-undo-2',
    meaning: 'Brings it back, as soon as every service has confirmed it.',
    from: ['archived'],
  },
  {
    name: 'suspend',
    label: 'Suspend…',
    icon: 'i-lucide-pause',
    meaning: 'Keeps everybody out for a while. Nothing is lost.',
    from: ['pending', 'active'],
  },
  {
    name: 'archive',
    label: 'Archive…',
    icon: 'i-lucide-archive',
    meaning: 'Puts it away: everybody is kept out, and what is on record of it can be downloaded.',
    from: ['pending', 'active', 'suspended'],
  },
  {
    name: 'delete',
    label: 'Delete tenant…',
    icon: 'i-lucide-trash-2',
    meaning: 'Keeps everybody out, and removes all of it for good after a time of grace.',
    from: ['pending', 'active', 'suspended', 'archived'],
  },
]

const atServices =
  'Sign-in: mailboxes and the space can no longer be entered. E-mail: mailboxes keep their mail and take in new mail. ' +
  'Files: the space is disabled, and keeps its files.'

/** What is asked before a move; undefined: it takes nothing away. */
export function lifecycleQuestion(move: LifecycleMove, { name, slug }: Tenant): Question | undefined {
  switch (move) {
    case 'suspend':
      return {
        title: `Suspend ${name}?`,
        description: `${atServices} Its people can still read its pages here.`,
        action: 'Suspend tenant',
      }
    case 'archive':
      return {
        title: `Archive ${name}?`,
        description: `What is on record of it is exported first. ${atServices}`,
        action: 'Archive tenant',
      }
    case 'delete':
      return {
        title: `Delete ${name}?`,
        description:
          `${atServices} Until the grace period ends it can be restored. Then group, mailboxes with their mail, ` +
          'mail domains and the space with its files are removed for good. What it left at services that it had before stays.',
        action: 'Delete tenant',
        typeToConfirm: slug,
      }
    default:
      return undefined
  }
}

/** What is said once a move was made. */
export const lifecycleDone: Record<LifecycleMove, string> = {
  suspend: 'The tenant is suspended',
  resume: 'The tenant is being resumed',
  archive: 'The tenant is archived',
  restore: 'The tenant is being restored',
  delete: 'The tenant is going to be deleted',
}

/** How far a receipt is. */
export function receiptWords({ completedAt }: AccessReceipt) {
  return completedAt
    ? { label: 'Access removed', color: 'success' as const, icon: 'i-lucide-circle-check' }
    : { label: 'Being removed', color: 'info' as const, icon: 'i-lucide-loader-circle' }
}
