import { newId } from '#server/lib/ids'
import type { DatabaseClient } from '#server/storage/database'
import type { ServiceName, Surveyed } from '../step-planner.port'
import { compare, missing, type Drifted, type Known } from './compare'

interface OfStep {
  readonly service: ServiceName
  readonly step: string
}

/** Settled since before a moment: nobody works on it, and what is kept is not newer than what was asked for then. */
const settledBefore = ({ service, step }: OfStep, moment: Date) =>
  ({ service, step, status: 'ok', nextAttemptAt: null, updatedAt: { lt: moment } }) as const

async function knownOf(
  tx: DatabaseClient,
  of: OfStep,
  found: readonly Surveyed[],
  askedAt: Date,
): Promise<Known> {
  const externalIds = found.map(({ externalId }) => externalId)
  const kept = await tx.provisionedResource.findMany({
    where: { service: of.service, step: of.step, externalId: { in: externalIds } },
  })
  const ids = new Set([
    ...kept.map(({ tenantId }) => tenantId),
    ...found.map(({ tenantId }) => tenantId ?? ''),
  ])
  const tenants = await tx.tenant.findMany({
    where: { id: { in: [...ids] } },
    select: { id: true, steps: { where: settledBefore(of, askedAt), select: { id: true } } },
  })
  return { kept, settled: new Map(tenants.map(({ id, steps }) => [id, steps.length > 0])) }
}

/**
 * Writes down what a page of a survey showed, by so many statements for every page, however much it holds.
 *
 * @param found at most 100, each once
 * @param askedAt when the page was asked for
 * @returns how many are not as they should be
 */
export async function writeFound(
  tx: DatabaseClient,
  of: OfStep,
  found: readonly Surveyed[],
  { sweepId, askedAt, now }: { sweepId: string; askedAt: Date; now: Date },
): Promise<number> {
  if (found.length === 0) return 0
  const { service, step } = of
  const drifted = compare(found, await knownOf(tx, of, found, askedAt))
  await tx.provisionedResource.updateMany({
    where: { service, step, externalId: { in: found.map(({ externalId }) => externalId) } },
    data: { seenIn: sweepId },
  })
  await writeDrift(tx, of, drifted, now)
  return drifted.length
}

/**
 * Writes down a page of what no page of the survey showed.
 *
 * @param since when the survey began: what was made later may have been missed by it
 * @returns `next`: where to go on; null: that was all
 */
export async function writeMissing(
  tx: DatabaseClient,
  of: OfStep,
  { sweepId, since, after, now }: { sweepId: string; since: Date; after: string | null; now: Date },
): Promise<{ drifted: number; next: string | null }> {
  const limit = 100
  const rows = await tx.provisionedResource.findMany({
    where: {
      service: of.service,
      step: of.step,
      ...(after !== null && { id: { gt: after } }),
      OR: [{ seenIn: null }, { seenIn: { not: sweepId } }],
      tenant: { steps: { some: settledBefore(of, since) } },
    },
    orderBy: { id: 'asc' },
    take: limit,
  })
  await writeDrift(tx, of, rows.map(missing), now)
  return { drifted: rows.length, next: rows.length < limit ? null : (rows.at(-1)?.id ?? null) }
}

/** What no longer shows is over, where its tenant is settled. */
export async function endUnseen(
  tx: DatabaseClient,
  of: OfStep,
  since: Date,
  tenantId?: string,
): Promise<void> {
  const { service, step } = of
  await tx.resourceDrift.updateMany({
    where: {
      ...{ service, step, status: { not: 'repaired' }, lastSeenAt: { lt: since } },
      ...(tenantId === undefined
        ? { OR: [{ tenantId: null }, { tenant: { steps: { some: settledBefore(of, since) } } }] }
        : { tenantId }),
    },
    data: { status: 'repaired' },
  })
}

/**
 * What was accepted or ignored stays so until something else is found. What was repaired, or was to be, and shows again
 * is open.
 *
 * @param drifted of settled steps alone; of one thing the last counts
 */
export async function writeDrift(
  tx: DatabaseClient,
  { service, step }: OfStep,
  drifted: readonly Drifted[],
  now: Date,
): Promise<void> {
  const all = new Map(drifted.map((one) => [one.thing, one]))
  if (all.size === 0) return
  const before = await tx.resourceDrift.findMany({ where: { service, step, thing: { in: [...all.keys()] } } })
  const known = new Map(before.map((row) => [row.thing, row]))
  const isSame = (one: Drifted) => {
    const row = known.get(one.thing)
    return row?.what === one.what && row.found === one.found && row.tenantId === one.tenantId
  }
  const again = [...all.values()].filter(isSame).flatMap(({ thing }) => known.get(thing) ?? [])
  const idsOf = (rows: readonly { id: string }[]) => ({ id: { in: rows.map(({ id }) => id) } })
  await tx.resourceDrift.updateMany({ where: idsOf(again), data: { lastSeenAt: now, repairRunId: null } })
  await tx.resourceDrift.updateMany({
    where: { ...idsOf(again), status: { in: ['repaired', 'repairing'] } },
    data: { status: 'open' },
  })
  const fresh = [...all.values()].filter((one) => !isSame(one))
  await tx.resourceDrift.deleteMany({
    where: { service, step, thing: { in: fresh.map(({ thing }) => thing) } },
  })
  await tx.resourceDrift.createMany({
    data: fresh.map((one) => ({
      ...{ ...one, id: newId(), service, step },
      ...{ firstSeenAt: known.get(one.thing)?.firstSeenAt ?? now, lastSeenAt: now },
    })),
  })
}
