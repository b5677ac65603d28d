import { plans, type Plan } from '#shared/contracts/subscriptions'

/** What a tenant uses of what a plan limits. */
export interface PlanUse {
  readonly of: 'storage' | 'mailbox'
  readonly name: string
  readonly usedBytes: number
}

const gibibyte = 1024 ** 3
/** So many are named; of the rest it is said how many they are. */
const named = 3

/** Whether a plan gives less room than another: what is stored may then not fit. */
export function givesLessRoom(next: Plan, now: Plan): boolean {
  const [to, from] = [plans[next], plans[now]]
  return to.storageGibibytes < from.storageGibibytes || to.mailboxGibibytes < from.mailboxGibibytes
}

/** Why a tenant does not fit into a plan, in words; empty: it does. */
export function misfits(plan: Plan, seatsUsed: number, uses: readonly PlanUse[]): string[] {
  const { name, seats, storageGibibytes, mailboxGibibytes } = plans[plan]
  const over = (of: PlanUse['of'], gibibytes: number) =>
    uses.filter((use) => use.of === of && use.usedBytes > gibibytes * gibibyte)
  const mailboxes = over('mailbox', mailboxGibibytes)
  const others = mailboxes.length > named ? ` and ${mailboxes.length - named} more` : ''
  return [
    ...(seatsUsed > seats ? [`${seatsUsed} members do not fit into the ${seats} seats of ${name}.`] : []),
    ...over('storage', storageGibibytes).map(
      (use) => `The files of ${use.name} take ${inWords(use)}, and ${name} has ${storageGibibytes} GiB.`,
    ),
    ...(mailboxes.length > 0
      ? [
          `${mailboxes
            .slice(0, named)
            .map((use) => `The mailbox ${use.name} takes ${inWords(use)}`)
            .join(', ')}${others}, and ${name} has ${mailboxGibibytes} GiB for each.`,
        ]
      : []),
  ]
}

/** Rounded up, so that what is too much reads as more than what there is. */
const inWords = ({ usedBytes }: PlanUse) => `${Math.ceil((usedBytes / gibibyte) * 10) / 10} GiB`
