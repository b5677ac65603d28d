import { z } from 'zod'
import type { Clock } from '#server/lib/clock'
import { newId } from '#server/lib/ids'
import type { DatabaseClient } from '#server/storage/database'
import { pageOfRows, toPage, type PageRequest } from '#server/storage/page'
import type { StepState } from './advance'
import { readConnected } from './connected/connected.store'
import { readFormer } from './connected/former.store'
import { isLeftOf, namesOfPlaces, type FormerPlace } from './connected/left-behind'
import { theirName, type AccessRead } from './step-planner.port'
import { givesAccess, stepKey, type StepName } from './steps'

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
      const former = items.length > 0 ? await readFormer(db, tenantId) : []
      return { items: items.map(({ user, ...receipt }) => shown(receipt, user.name, former)), nextCursor }
    },
  }
}

function shown<
  Entry extends StepName & { found: string; places: unknown },
  More extends { machines: unknown },
>(receipt: More & { entries: Entry[] }, name: string, former: readonly FormerPlace[]) {
  const entries = receipt.entries.map((entry) => {
    const places = new Set(readingsOf(entry).map(({ place }) => place))
    const isWhole = former.filter(isLeftOf(entry)).every(({ apiUrl }) => places.has(apiUrl))
    return { ...entry, found: entry.found.replaceAll(theirName, () => name), isWhole }
  })
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
  { tenantId, step, place }: { tenantId: string; step: StepName; place: string | null },
  accessOf: ((userId: string) => AccessRead) | undefined,
  now: Date,
): Promise<void> {
  if (!givesAccess(step)) return
  const { service, step: name } = step
  const open = await tx.accessReceipt.findMany({
    where: { tenantId, completedAt: null },
    include: { entries: { where: { service, step: name } } },
  })
  const former = (await readFormer(tx, tenantId)).filter(isLeftOf(step))
  for (const { id: receiptId, userId, entries } of open) {
    const { hasAccess, found } = accessOf?.(userId) ?? { hasAccess: false, found: readAgain }
    if (hasAccess) continue
    const read = { ...withReading({ place, found }, readingsOf(entries[0]), former), at: now }
    await tx.accessReceiptEntry.upsert({
      where: { receiptId_service_step: { receiptId, service, step: name } },
      create: { receiptId, service, step: name, ...read },
      update: read,
    })
  }
}

const Readings = z.array(z.object({ place: z.string().nullable(), found: z.string() }))
/** What was read at one place; null: at the platform's own. */
type Reading = z.output<typeof Readings>[number]

/** @throws where it is not what was written: nothing counts as read for it */
const readingsOf = (entry: { found: string; places: unknown } | undefined): readonly Reading[] =>
  entry ? Readings.parse(entry.places ?? [{ place: null, found: entry.found }]) : []

/**
 * Adds what was read where the tenant is now to what was read where it was before. At a place that it has left somebody may
 * be there still, unless they were read to be out while it was there.
 */
function withReading(now: Reading, before: readonly Reading[], former: readonly FormerPlace[]) {
  const elsewhere = former.filter(({ apiUrl }) => apiUrl !== now.place)
  const readAt = (one: FormerPlace) => before.find(({ place }) => place === one.apiUrl)
  const unread = elsewhere.filter((one) => !readAt(one))
  const earlier = elsewhere.flatMap((one) => readAt(one) ?? [])
  const words = [
    now.found,
    ...elsewhere.map((one) => {
      const reading = readAt(one)
      return reading && `At ${namesOfPlaces([one])}, before it was left: ${reading.found}`
    }),
    unread.length > 0 && `Nobody was looked for at ${namesOfPlaces(unread)}: they may be there still.`,
  ]
  return { found: words.filter(Boolean).join(' '), places: [{ ...now }, ...earlier] }
}

/**
 * Completes the receipts of whom every step that gives people access was read to be without them, at every place where
 * the tenant is or was: where something of it is that nobody has seen to, somebody may still be there. A step that is
 * skipped and never made anything is at no place.
 */
export async function completeReceipts(
  tx: DatabaseClient,
  tenantId: string,
  steps: readonly StepState[],
  now: Date,
): Promise<void> {
  const open = await tx.accessReceipt.findMany({
    where: { tenantId, completedAt: null },
    select: { id: true, entries: { select: { service: true, step: true, found: true, places: true } } },
  })
  if (open.length === 0) return
  const former = await readFormer(tx, tenantId)
  const own = new Map((await readConnected(tx, tenantId)).map(({ service, apiUrl }) => [service, apiUrl]))
  const placesOf = (step: StepState): (string | null)[] => {
    const isNowhere = step.status === 'skipped' && step.externalId === null
    const left = former.filter(isLeftOf(step)).map(({ apiUrl }) => apiUrl)
    return isNowhere ? left : [placeOf(own, step), ...left]
  }
  const wanted = steps.filter(givesAccess).map((step) => ({ key: stepKey(step), places: placesOf(step) }))
  const complete = open.filter(({ entries }) =>
    wanted.every(({ key, places }) => {
      const read = new Set(
        readingsOf(entries.find((entry) => stepKey(entry) === key)).map(({ place }) => place),
      )
      return places.every((place) => read.has(place))
    }),
  )
  if (complete.length === 0) return
  await tx.accessReceipt.updateMany({
    where: { id: { in: complete.map(({ id }) => id) } },
    data: { completedAt: now },
  })
}

const placeOf = (own: ReadonlyMap<string, string>, { service }: StepState) => own.get(service) ?? null
