import { z } from 'zod'
import { Id, PageQuery, pageOf, Timestamp } from './common'
import { ServiceName } from './provisioning'
import { TenantStatus } from './tenants'

/**
 * How far something is with what was found of it.
 * - `open`: it was found, and nothing was decided
 * - `repairing`: the run `repairRunId` is to bring it in line. When that run ends it is `repaired`, since the service was
 *   read again, or `open` again, where that failed or it still shows
 * - `accepted`: taken as right; `ignored`: hidden; both until something else is found
 * - `repaired`: over, whoever brought it in line
 */
export const DriftStatus = z.enum(['open', 'repairing', 'accepted', 'ignored', 'repaired'])
export type DriftStatus = z.output<typeof DriftStatus>

/** Something at a service that is not as Tenantry left it: it was changed, is missing, or is ours and unknown to us. */
export const Drift = z.object({
  id: Id,
  service: ServiceName,
  step: z.string(),
  kind: z.string(),
  name: z.string(),
  externalId: z.string().nullable(),
  what: z.enum(['changed', 'missing', 'unknown']),
  status: DriftStatus,
  /**
   * The run that was last asked to bring it in line. Where it is `open` and has one, that did not help; null again once a
   * comparison has seen it after that.
   */
  repairRunId: Id.nullable(),
  firstSeenAt: Timestamp,
  lastSeenAt: Timestamp,
})
export type Drift = z.output<typeof Drift>
export const DriftPage = pageOf(Drift)

/** Those of one status; `open` has those that are being repaired too. Absent: `open` and `accepted`. */
export const DriftQuery = PageQuery.extend({ status: DriftStatus.optional() })

const TenantName = z.object({ slug: z.string(), name: z.string() })

/** `tenant` is null where it is nobody's that we know. */
export const BoardDrift = Drift.extend({ tenant: TenantName.nullable() })
export type BoardDrift = z.output<typeof BoardDrift>
export const BoardDriftPage = pageOf(BoardDrift)
/** Those of one status; `open` has those that are being repaired too. Absent: `open`. */
export const BoardDriftQuery = DriftQuery.extend({ service: ServiceName.optional() })

/** One comparison of all tenants with all services. `failures`: what could not be compared, by `service/step`. */
export const Sweep = z.object({
  id: Id,
  cause: z.enum(['scheduled', 'requested']),
  status: z.enum(['running', 'done', 'failed']),
  /** Pages that services were asked for. */
  pages: z.number().int(),
  /** Things that were compared. */
  things: z.number().int(),
  /** Of so many, about: what was on record when it began; null until then. */
  expected: z.number().int().nullable(),
  /** Tenants that were looked at closely. */
  tenants: z.number().int(),
  drifted: z.number().int(),
  failures: z.record(z.string(), z.string()),
  startedAt: Timestamp,
  endedAt: Timestamp.nullable(),
})
export type Sweep = z.output<typeof Sweep>
export const SweepPage = pageOf(Sweep)

/**
 * All tenants at once. `drift`: what is open or being repaired. `queue.tenants`: those that could be worked on and that
 * nobody works on; `queue.steps`: what of theirs is due. A service whose breaker is not among them is asked as usual;
 * where replicas differ, it is as the one sees it that leaves it in peace for the longest time.
 */
export const Board = z.object({
  tenants: z.partialRecord(TenantStatus, z.number().int()),
  failing: z.array(z.object({ service: ServiceName, steps: z.number().int() })),
  drift: z.array(z.object({ service: ServiceName, things: z.number().int() })),
  queue: z.object({
    tenants: z.number().int(),
    steps: z.number().int(),
    oldestWaitSeconds: z.number().int().nullable(),
  }),
  /** The services that Tenantry provisions into; what is not configured is not among them. */
  services: z.array(ServiceName),
  breakers: z.array(
    z.object({ service: ServiceName, state: z.enum(['open', 'half-open']), until: Timestamp }),
  ),
  sweep: Sweep.nullable(),
})
export type Board = z.output<typeof Board>

export const OfServiceQuery = PageQuery.extend({ service: ServiceName.optional() })

export const FailingStep = z.object({
  tenant: TenantName,
  service: ServiceName,
  step: z.string(),
  error: z.string(),
  nextAttemptAt: Timestamp.nullable(),
  updatedAt: Timestamp,
})
export type FailingStep = z.output<typeof FailingStep>
export const FailingStepPage = pageOf(FailingStep)

export const Retry = z.strictObject({ service: ServiceName })
/** How many tenants were asked; 0: there was none any more. */
export const Retried = z.object({ asked: z.number().int() })
