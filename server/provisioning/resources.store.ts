import { newId } from '#server/lib/ids'
import type { DatabaseClient } from '#server/storage/database'
import type { LeftThings } from './connected/left-behind'
import type { Resource, ServiceName } from './step-planner.port'

/** Written by one statement at most. */
const batch = 500

interface OfStep {
  readonly tenantId: string
  readonly service: ServiceName
  readonly step: string
}

/** What was read last of one step: how much, and the first of it. */
export async function readResources(db: DatabaseClient, of: OfStep, limit: number) {
  const { tenantId, service, step } = of
  const where = { tenantId, service, step }
  const total = await db.provisionedResource.count({ where })
  const resources = await db.provisionedResource.findMany({
    where,
    orderBy: { id: 'asc' },
    take: limit,
    select: { kind: true, name: true, externalId: true },
  })
  return { total, resources }
}

/**
 * Keeps what was observed after a step was done, in place of what was there before; only what differs is written.
 *
 * @param options.isFirst whether nothing is there, since nothing was observed of the step before
 */
export async function keepResources(
  tx: DatabaseClient,
  of: OfStep,
  resources: readonly Resource[],
  { isFirst = false } = {},
): Promise<void> {
  const { tenantId, service, step } = of
  const before = isFirst ? [] : await tx.provisionedResource.findMany({ where: { tenantId, service, step } })
  const same = (one: Resource, other: Resource) =>
    one.kind === other.kind && one.name === other.name && one.fingerprint === other.fingerprint
  const wanted = new Map(resources.map((resource) => [resource.externalId, resource]))
  const outdated = before.filter((row) => {
    const now = wanted.get(row.externalId)
    return !now || !same(row, now)
  })
  const kept = new Set(before.filter((row) => !outdated.includes(row)).map(({ externalId }) => externalId))
  const added = [...wanted.values()].filter(({ externalId }) => !kept.has(externalId))
  for (let from = 0; from < outdated.length; from += batch) {
    const ids = outdated.slice(from, from + batch).map(({ id }) => id)
    await tx.provisionedResource.deleteMany({ where: { id: { in: ids } } })
  }
  for (let from = 0; from < added.length; from += batch) {
    const data = added.slice(from, from + batch).map(({ kind, name, externalId, fingerprint }) => ({
      ...{ id: newId(), tenantId, service, step },
      ...{ kind, name, externalId, fingerprint },
    }))
    await tx.provisionedResource.createMany({ data })
  }
}

/**
 * Forgets what a tenant has at a service, since another takes its place: what is there stays.
 *
 * @returns what it was
 */
export async function forgetService(
  tx: DatabaseClient,
  { tenantId, service }: Omit<OfStep, 'step'>,
): Promise<{ things: number; left: LeftThings }> {
  const where = { tenantId, service }
  const counts = await tx.provisionedResource.groupBy({ by: ['step', 'kind'], where, _count: true })
  await tx.provisioningStep.updateMany({ where, data: { externalId: null, observedAt: null } })
  await tx.resourceDrift.deleteMany({ where })
  const { count: things } = await tx.provisionedResource.deleteMany({ where })
  const left = [...Map.groupBy(counts, ({ step }) => step)].map(([step, ofStep]) => ({
    step,
    kinds: Object.fromEntries(ofStep.map(({ kind, _count }) => [kind, _count])),
  }))
  return { things, left }
}
