import { createHash } from 'node:crypto'
import type { Change, StepPlan } from './step-planner.port'

/** Of a change, what people are shown: nothing that could be called. */
export function shownChange({ action, kind, name, fields, reason }: Change): Change {
  return { action, kind, name, ...(fields && { fields }), ...(reason !== undefined && { reason }) }
}

/** The same text for the same change, whoever planned it; 128 bits, base64url. */
export function digestOfChange({ action, kind, name, fields, reason }: Change): string {
  const sorted = Object.entries(fields ?? {}).sort(([a], [b]) => (a < b ? -1 : 1))
  const plain = JSON.stringify([action, kind, name, sorted, reason ?? null])
  return createHash('sha256').update(plain).digest().subarray(0, 16).toString('base64url')
}

/** Stands among a step's digests for what could not be seen yet; no digest is so short. */
export const unseenMark = 'unseen'

/** Of a step's plan, what is approved with it. */
export function digestsOfPlan({
  changes,
  isPartial = false,
}: Pick<StepPlan, 'changes' | 'isPartial'>): string[] {
  return [...changes.map(digestOfChange), ...(isPartial ? [unseenMark] : [])]
}

/** Whether a change was approved: by its digest, or as what could not be seen, where nothing is deleted by it. */
export function isApproved(change: Change, approved: ReadonlySet<string>): boolean {
  return approved.has(digestOfChange(change)) || (approved.has(unseenMark) && change.action !== 'delete')
}

/** Digests of the changes of each step, by `service/step`. */
export type PlanDigests = Readonly<Record<string, readonly string[]>>

/** The same text for the same plan of several steps; SHA-256, hex. */
export function hashOfPlan(digests: PlanDigests): string {
  const plain = Object.entries(digests).sort(([a], [b]) => (a < b ? -1 : 1))
  return createHash('sha256').update(JSON.stringify(plain)).digest('hex')
}
