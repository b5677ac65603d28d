import { newId } from '#server/lib/ids'
import { notConfigured, stepKey, tenantSteps } from '#server/provisioning/steps'
import type { Database } from '#server/storage/database'
import type { createShelf } from './shelf'

/** Rows that one statement takes. */
const batch = 1_000

/**
 * Writes tenants straight into the database, as they stand when everything is settled at these shelves and no other
 * service is configured; and their things onto the shelves.
 *
 * @returns those tenants
 */
export async function seedSettled(
  { client }: Database,
  count: number,
  shelves: readonly ReturnType<typeof createShelf>[],
  at: Date,
): Promise<{ id: string; slug: string }[]> {
  const planned = new Map(shelves.map((shelf) => [stepKey(shelf.planner), shelf]))
  const name = newId().slice(-8)
  const all: { id: string; slug: string }[] = []
  for (let done = 0; done < count; done += batch) {
    const tenants = Array.from({ length: Math.min(batch, count - done) }, (_, index) => {
      const slug = `seeded-${name}-${done + index}`
      return {
        id: newId(),
        slug,
        name: slug,
        nameKey: slug,
        status: 'active' as const,
        createdAt: at,
        updatedAt: at,
      }
    })
    all.push(...tenants)
    const steps = tenants.flatMap(({ id: tenantId }) =>
      tenantSteps.map(({ service, step }) => {
        const isThere = planned.has(stepKey({ service, step }))
        return {
          ...{ id: newId(), tenantId, service, step, createdAt: at, updatedAt: at },
          ...(isThere
            ? { status: 'ok' as const, externalId: `thing-${tenantId}` }
            : { status: 'skipped' as const, reason: notConfigured }),
        }
      }),
    )
    await client.tenant.createMany({ data: tenants })
    await client.subscription.createMany({
      data: tenants.map(({ id: tenantId }) => ({
        ...{ id: newId(), tenantId, plan: 'mvp' as const, createdAt: at, updatedAt: at },
      })),
    })
    await client.provisioningWork.createMany({ data: tenants.map(({ id: tenantId }) => ({ tenantId })) })
    for (let from = 0; from < steps.length; from += batch)
      await client.provisioningStep.createMany({ data: steps.slice(from, from + batch) })
    for (const { planner, put, things } of shelves) {
      for (const { id, slug } of tenants) put({ externalId: `thing-${id}`, name: slug, tenantId: id })
      const kept = tenants.flatMap(({ id: tenantId }) => {
        const thing = things.get(`thing-${tenantId}`)
        if (!thing) return []
        const { kind, name, externalId, fingerprint } = thing
        const { service, step } = planner
        return [{ id: newId(), tenantId, service, step, kind, name, externalId, fingerprint }]
      })
      await client.provisionedResource.createMany({ data: kept })
    }
  }
  return all
}

const made = "'0190a5b0-0000-7000-8000-'"

/** The id of the tenant of that number that `multiplySettled` made. */
export const multipliedId = (number: number) =>
  `0190a5b0-0000-7000-8000-${number.toString(16).padStart(12, '0')}`

/** Copies the only tenant there is, with its steps and what it has on shelves, so often: 10,000 in some seconds. */
export async function multiplySettled(
  { client, provider }: Database,
  count: number,
  shelves: readonly ReturnType<typeof createShelf>[] = [],
): Promise<void> {
  const isSqlite = provider === 'sqlite'
  const hex = (n: string) => (isSqlite ? `printf('%012x', ${n})` : `lpad(to_hex(${n}), 12, '0')`)
  const series = `WITH RECURSIVE series(n) AS (SELECT 1 UNION ALL SELECT n + 1 FROM series WHERE n < ${count})`
  const number = isSqlite ? 'CAST(n AS TEXT)' : 'n::text'
  await client.$executeRawUnsafe(
    `${series} INSERT INTO "Tenant" (id, slug, name, "nameKey", status, "createdAt", "updatedAt", version)
     SELECT ${made} || ${hex('n')}, 'copy-' || ${number}, f.name, f."nameKey", f.status, f."createdAt", f."updatedAt", 1
     FROM series CROSS JOIN (SELECT * FROM "Tenant" ORDER BY id LIMIT 1) f`,
  )
  await client.$executeRawUnsafe(
    `${series} INSERT INTO "ProvisioningWork" ("tenantId", sequence, fence)
     SELECT ${made} || ${hex('n')}, 7, 1 FROM series`,
  )
  for (const [index, { service, step }] of tenantSteps.entries())
    await client.$executeRawUnsafe(
      `${series} INSERT INTO "ProvisioningStep"
         (id, "tenantId", service, step, status, reason, generation, attempt, held, sequence, "createdAt", "updatedAt")
       SELECT ${made} || ${hex(`n + ${index + 1} * 1000000`)}, ${made} || ${hex('n')}, f.service, f.step, f.status,
         f.reason, 1, 1, f.held, f.sequence, f."createdAt", f."updatedAt"
       FROM series CROSS JOIN
         (SELECT * FROM "ProvisioningStep" WHERE service = '${service}' AND step = '${step}' ORDER BY id LIMIT 1) f`,
    )
  for (const [index, { planner, put }] of shelves.entries()) {
    const { service, step } = planner
    await client.$executeRawUnsafe(
      `${series} INSERT INTO "ProvisionedResource" (id, "tenantId", service, step, kind, name, "externalId", fingerprint)
       SELECT ${made} || ${hex(`n + ${index + 21} * 1000000`)}, ${made} || ${hex('n')}, f.service, f.step, f.kind,
         'copy-' || ${number}, 'thing-' || ${made} || ${hex('n')}, f.fingerprint
       FROM series CROSS JOIN
         (SELECT * FROM "ProvisionedResource" WHERE service = '${service}' AND step = '${step}' ORDER BY id LIMIT 1) f`,
    )
    for (let n = 1; n <= count; n++)
      put({ externalId: `thing-${multipliedId(n)}`, name: `copy-${n}`, tenantId: multipliedId(n) })
  }
}
