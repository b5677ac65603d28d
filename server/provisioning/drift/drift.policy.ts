import type { DriftStatus } from '#shared/contracts/drift'

/** What somebody decides of something that was found: taken as right, hidden, or neither any more. */
export type Settling = 'accepted' | 'ignored' | 'open'

const settledFrom: Readonly<Record<Settling, readonly DriftStatus[]>> = {
  accepted: ['open', 'ignored'],
  ignored: ['open', 'accepted'],
  open: ['accepted', 'ignored'],
}

/** What a repair can be asked for. */
export const repairable: readonly DriftStatus[] = ['open', 'accepted', 'ignored']

/** What is decided of something: `done`: it is so already; `refused`: it is over, or being repaired. */
export function settling(status: DriftStatus, to: Settling): 'due' | 'done' | 'refused' {
  if (status === to) return 'done'
  return settledFrom[to].includes(status) ? 'due' : 'refused'
}

/** The statuses that a list shows: of one that was asked for, or of the list's own. */
export function shownStatuses(
  asked: DriftStatus | undefined,
  otherwise: readonly DriftStatus[],
): DriftStatus[] {
  const statuses = asked === undefined ? otherwise : [asked]
  return statuses.flatMap((status) => (status === 'open' ? ['open', 'repairing'] : [status]))
}
