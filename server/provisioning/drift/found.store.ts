import { addSeconds } from '#server/lib/clock'
import { newId } from '#server/lib/ids'
import type { DatabaseClient } from '#server/storage/database'
import type { ServiceName, Surveyed } from '../step-planner.port'
import { compare, missing, type Drifted, type Known } from './compare'

/** Written by one statement at most. */
const batch = 500

interface OfStep {
  readonly service: ServiceName
  readonly step: string
}

/** How much is on record of some steps, over all tenants. */
export const countKept = (tx: DatabaseClient, steps: readonly OfStep[]): Promise<number> =>
  tx.provisionedResource.count({ where: { OR: steps.map(({ service, step }) => ({ service, step })) } })

/** A survey of the platform's service says nothing of a tenant with its own: that is looked at closely. */
const atPlatform = ({ service }: OfStep) => ({ connections: { none: { service } } })

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
    where: {
      service: of.service,
      step: of.step,
      externalId: { in: externalIds },
      tenant: atPlatform(of),
    },
  })
  const ids = new Set([
    ...kept.map(({ tenantId }) => tenantId),
    ...found.map(({ tenantId }) => tenantId ?? ''),
  ])
  const tenants = await tx.tenant.findMany({
    where: { id: { in: [...ids] } },
    select: {
      id: true,
      steps: { where: settledBefore(of, askedAt), select: { id: true } },
      connections: { where: { service: of.service }, select: { id: true } },
    },
  })
  const settled = new Map(
    tenants.map(({ id, steps, connections }) => [id, steps.length > 0 && connections.length === 0]),
  )
  const unknown = [...ids].filter((id) => id !== '' && !settled.has(id))
  return { kept, settled, purged: await purgedLately(tx, unknown, askedAt) }
}

/** Whose things may have been there still when they were asked for: the audit alone remembers these tenants. */
async function purgedLately(
  tx: DatabaseClient,
  tenantIds: string[],
  askedAt: Date,
): Promise<ReadonlySet<string>> {
  if (tenantIds.length === 0) return new Set()
  const subject = { subjectKind: 'tenant', subjectId: { in: tenantIds } }
  const entries = await tx.auditEntry.findMany({
    where: { ...subject, action: 'tenant.purged', at: { gte: addSeconds(askedAt, -60) } },
    select: { subjectId: true },
  })
  return new Set(entries.map(({ subjectId }) => subjectId))
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
 * A page of what no page of the survey showed.
 *
 * @param since when the survey began: what was made later may have been missed by it
 * @returns `next`: where to go on; null: that was all
 */
export async function listMissing(
  tx: DatabaseClient,
  of: OfStep,
  { sweepId, since, after }: { sweepId: string; since: Date; after: string | null },
): Promise<{ missing: Drifted[]; next: string | null }> {
  const limit = 100
  const rows = await tx.provisionedResource.findMany({
    where: {
      service: of.service,
      step: of.step,
      ...(after !== null && { id: { gt: after } }),
      OR: [{ seenIn: null }, { seenIn: { not: sweepId } }],
      tenant: { ...atPlatform(of), steps: { some: settledBefore(of, since) } },
    },
    orderBy: { id: 'asc' },
    take: limit,
  })
  return { missing: rows.map(missing), next: rows.length < limit ? null : (rows.at(-1)?.id ?? null) }
}

/** What no longer shows is over, where its tenant is settled. */
export async function endUnseen(tx: DatabaseClient, of: OfStep, since: Date): Promise<void> {
  const isSettled = { ...atPlatform(of), steps: { some: settledBefore(of, since) } }
  await tx.resourceDrift.updateMany({
    where: { ...unseen(of, since), OR: [{ tenantId: null }, { tenant: isSettled }] },
    data: { status: 'repaired' },
  })
}

/** The same of some tenants, of which all was looked at. */
export async function endUnseenOf(
  tx: DatabaseClient,
  of: OfStep,
  since: Date,
  tenantIds: readonly string[],
): Promise<void> {
  await tx.resourceDrift.updateMany({
    where: { ...unseen(of, since), tenantId: { in: [...tenantIds] } },
    data: { status: 'repaired' },
  })
}

const unseen = ({ service, step }: OfStep, since: Date) =>
  ({ service, step, status: { not: 'repaired' }, lastSeenAt: { lt: since } }) as const

/**
 * What was accepted or ignored stays so until something else is found. What was repaired, or was to be, and shows again
 * is open.
 *
 * @param drifted of settled steps alone; of one thing the last counts
 */
export async function writeDrift(
  tx: DatabaseClient,
  of: OfStep,
  drifted: readonly Drifted[],
  now: Date,
): Promise<void> {
  const all = [...new Map(drifted.map((one) => [one.thing, one])).values()]
  for (let from = 0; from < all.length; from += batch)
    await writeSome(tx, of, all.slice(from, from + batch), now)
}

async function writeSome(
  tx: DatabaseClient,
  { service, step }: OfStep,
  all: readonly Drifted[],
  now: Date,
): Promise<void> {
  const before = await tx.resourceDrift.findMany({
    where: { service, step, thing: { in: all.map(({ thing }) => thing) } },
  })
  const known = new Map(before.map((row) => [row.thing, row]))
  const isSame = (one: Drifted) => {
    const row = known.get(one.thing)
    return row?.what === one.what && row.found === one.found && row.tenantId === one.tenantId
  }
  const again = all.filter(isSame).flatMap(({ thing }) => known.get(thing) ?? [])
  const idsOf = (rows: readonly { id: string }[]) => ({ id: { in: rows.map(({ id }) => id) } })
  await tx.resourceDrift.updateMany({ where: idsOf(again), data: { lastSeenAt: now, repairRunId: null } })
  await tx.resourceDrift.updateMany({
    where: { ...idsOf(again), status: { in: ['repaired', 'repairing'] } },
    data: { status: 'open' },
  })
  const fresh = all.filter((one) => !isSame(one))
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
