import type { Clock } from '#server/lib/clock'
import { newId } from '#server/lib/ids'
import type { DatabaseClient } from '#server/storage/database'
import { pageOfRows, toPage, type PageRequest } from '#server/storage/page'
import type { StepState } from './advance'
import { theirName, type AccessRead } from './step-planner.port'
import { givesAccess, peopleSteps, stepKey, type StepName } from './steps'

/** What a step reads where its planner does not tell of single people. */
const readAgain = 'Read again after the removal: nothing of theirs is left to take away.'

/** The receipts of those who lost their access to one tenant, bound. */
export function receiptsStore(db: DatabaseClient, clock: Clock, tenantId: string) {
  return {
    /**
     * Opens a receipt for somebody who has no access any more, and withdraws the open one of somebody who has it again.
     * To be called in the transaction that changed it, which also asks for the tenant's steps.
     *
     * @param machines names of the machines and API tokens that act for them no more
     */
    async follow(userId: string, machines: readonly string[] = []): Promise<void> {
      const member = await db.membership.findUnique({
        where: { tenantId_userId: { tenantId, userId } },
        select: { user: { select: { status: true } } },
      })
      await db.accessReceipt.deleteMany({ where: { tenantId, userId, completedAt: null } })
      if (member?.user.status === 'active') return
      await db.accessReceipt.create({
        data: { id: newId(), tenantId, userId, askedAt: clock.now(), machines: [...machines] },
      })
    },

    /** A page of receipts, newest first, each with the present name of whom it is about. */
    async list(request: PageRequest) {
      const { where, ...page } = pageOfRows(request, 'newest first')
      const rows = await db.accessReceipt.findMany({
        where: { tenantId, ...where },
        ...page,
        include: { user: { select: { name: true } }, entries: { orderBy: { at: 'asc' } } },
      })
      const { items, nextCursor } = toPage(rows, request)
      return { items: items.map(({ user, ...receipt }) => withName(receipt, user.name)), nextCursor }
    },
  }
}

function withName<Receipt extends { entries: { found: string }[]; machines: unknown }>(
  receipt: Receipt,
  name: string,
) {
  const entries = receipt.entries.map((entry) => ({
    ...entry,
    found: entry.found.replaceAll(theirName, () => name),
  }))
  const machines = Array.isArray(receipt.machines) ? receipt.machines.map(String) : []
  return { ...receipt, name, machines, entries }
}

/** Whether anybody's receipt is open; most often it is nobody's. */
export async function hasOpenReceipts(tx: DatabaseClient, tenantId: string): Promise<boolean> {
  return (
    (await tx.accessReceipt.findFirst({ where: { tenantId, completedAt: null }, select: { id: true } })) !==
    null
  )
}

/**
 * Writes down what a step read of everybody whose receipt is open. To be called where the step was done for what is on
 * record now: a receipt was opened in the transaction that asked for it.
 */
export async function fillReceipts(
  tx: DatabaseClient,
  tenantId: string,
  step: StepName,
  accessOf: ((userId: string) => AccessRead) | undefined,
  now: Date,
): Promise<void> {
  if (!givesAccess(step)) return
  const open = await tx.accessReceipt.findMany({ where: { tenantId, completedAt: null } })
  for (const { id: receiptId, userId } of open) {
    const { hasAccess, found } = accessOf?.(userId) ?? { hasAccess: false, found: readAgain }
    if (hasAccess) continue
    const { service, step: name } = step
    const read = { found, at: now }
    await tx.accessReceiptEntry.upsert({
      where: { receiptId_service_step: { receiptId, service, step: name } },
      create: { receiptId, service, step: name, ...read },
      update: read,
    })
  }
}

/**
 * Completes the receipts with an entry of every step that gives people access, but for those that are skipped and never
 * made anything: where a service was set up once, somebody may still be there until it can be asked again.
 */
export async function completeReceipts(
  tx: DatabaseClient,
  tenantId: string,
  steps: readonly StepState[],
  now: Date,
): Promise<void> {
  const open = await tx.accessReceipt.findMany({
    where: { tenantId, completedAt: null },
    select: { id: true, entries: { select: { service: true, step: true } } },
  })
  if (open.length === 0) return
  const skipped = steps
    .filter(({ status, externalId }) => status === 'skipped' && externalId === null)
    .map(stepKey)
  const complete = open.filter(({ entries }) => {
    const read = new Set([...skipped, ...entries.map(stepKey)])
    return peopleSteps.every((key) => read.has(key))
  })
  if (complete.length === 0) return
  await tx.accessReceipt.updateMany({
    where: { id: { in: complete.map(({ id }) => id) } },
    data: { completedAt: now },
  })
}
