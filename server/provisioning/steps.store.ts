import type { z } from 'zod'
import type { RunCause as RunCauseContract } from '#shared/contracts/provisioning'
import type { Clock } from '#server/lib/clock'
import { newId } from '#server/lib/ids'
import type { DatabaseClient } from '#server/storage/database'
import { pageOfRows, toPage, type PageRequest } from '#server/storage/page'
import type { PlanDigests } from './plan-hash'
import { isPurgeAsked, readPurge } from './purge.store'
import type { TenantQueue } from './queue.port'
import { forgetService, readResources } from './resources.store'
import { endPurge, type TenantAudit } from './runs.store'
import type { ServiceName } from './step-planner.port'
import { byStepOrder, tenantSteps } from './steps'

/** Why a tenant is looked at. */
export type RunCause = z.output<typeof RunCauseContract>

/** What somebody approved when they asked. */
export interface Approved {
  /** Undefined: whatever has to be done. */
  digests?: PlanDigests
  /** Whether deletions may be made. */
  deletes: boolean
}

/** Where it is said, with the intent, that a tenant is to be looked at. */
export type Announced = Pick<TenantQueue, 'ask'>

/** Who asks. A schedule is the system. */
export type Asker =
  { readonly kind: 'user' | 'machine' | 'token'; readonly id: string } | { readonly kind: 'system' }

/** In whose name tenants are asked for, and where that is said. */
export interface Asking {
  readonly actor: Asker
  readonly queue?: Announced | undefined
}

export type StepsStore = ReturnType<typeof stepsStore>
export type StepRow = Awaited<ReturnType<StepsStore['list']>>['steps'][number]

/** The provisioning of one tenant, bound: what is asked for, and what is known of it. */
export function stepsStore(db: DatabaseClient, clock: Clock, tenantId: string, { actor, queue }: Asking) {
  return {
    /**
     * Asks for every step to be looked at again, and opens a run. To be called in the transaction of the change that
     * asks for it: the rows themselves are the intent.
     *
     * @returns the run's id
     */
    async ask(cause: RunCause, approved: Approved = { deletes: false }): Promise<string> {
      const now = clock.now()
      const { sequence } = await db.provisioningWork.upsert({
        where: { tenantId },
        create: { tenantId, sequence: tenantSteps.length },
        update: { sequence: { increment: tenantSteps.length } },
      })
      const asked = {
        status: 'pending',
        attempt: 0,
        reason: null,
        error: null,
        held: false,
        updatedAt: now,
      } as const
      for (const [index, { service, step, needs }] of tenantSteps.entries()) {
        const place = sequence - tenantSteps.length + index + 1
        // What needs another is begun by what became of that.
        const due = { ...asked, nextAttemptAt: needs.length === 0 ? now : null }
        await db.provisioningStep.upsert({
          where: { tenantId_service_step: { tenantId, service, step } },
          create: { ...due, id: newId(), tenantId, service, step, sequence: place, createdAt: now },
          update: { ...due, sequence: place, generation: { increment: 1 } },
        })
      }
      const { digests, deletes: deletesAgreed } = approved
      const run = await db.provisioningRun.create({
        data: {
          id: newId(),
          tenantId,
          cause,
          startedAt: now,
          deletesAgreed,
          askedByKind: actor.kind,
          askedById: actor.kind === 'system' ? null : actor.id,
          ...(digests && { approved: digests }),
        },
      })
      await queue?.ask(db, tenantId)
      return run.id
    },

    /**
     * Forgets what the tenant has at a service, where it is to be had from another one.
     *
     * @returns what is left there
     */
    forget: (service: ServiceName) => forgetService(db, { tenantId, service }),

    /** The newest run that somebody or something asked for, retries left out; null: none. */
    async newestAsked(): Promise<string | null> {
      const run = await db.provisioningRun.findFirst({
        where: { tenantId, cause: { not: 'retry' } },
        orderBy: { id: 'desc' },
        select: { id: true },
      })
      return run?.id ?? null
    },

    /** Whether the tenant is being purged: it can't be brought back any more. */
    purgeAsked: () => isPurgeAsked(db, tenantId),

    /** How far its purge is; null where it is gone. */
    readPurge: () => readPurge(db, tenantId),

    /** Removes the tenant, where its purge was asked for and nothing is left of it. @returns whether it is gone */
    async endPurge(audit: TenantAudit): Promise<boolean> {
      const found = await readPurge(db, tenantId)
      return Boolean(found?.askedAt && found.isDone) && endPurge(db, tenantId, audit)
    },

    /** The tenant's status, all steps in their order, and the number of the newest change among them. */
    async list() {
      // One after the other, the number first: whatever changes meanwhile has a higher one, and is seen by who goes
      // on behind it.
      const work = await db.provisioningWork.findUnique({ where: { tenantId }, select: { sequence: true } })
      const steps = await db.provisioningStep.findMany({ where: { tenantId } })
      const { status } = await db.tenant.findUniqueOrThrow({
        where: { id: tenantId },
        select: { status: true },
      })
      return { status, sequence: work?.sequence ?? 0, steps: steps.sort(byStepOrder) }
    },

    /**
     * The newest state of every step that changed after a sequence number, in the order of their changes; with the
     * tenant's status as of then or later, and the number of its newest change.
     *
     * @returns null where the tenant is gone
     */
    async changedSince(after: number) {
      // The steps first: a status that is older than they are would not be corrected by any later change.
      const steps = await db.provisioningStep.findMany({
        where: { tenantId, sequence: { gt: after } },
        orderBy: { sequence: 'asc' },
      })
      const tenant = await db.tenant.findUnique({
        where: { id: tenantId },
        select: { status: true, work: { select: { sequence: true } } },
      })
      return tenant && { steps, status: tenant.status, sequence: tenant.work?.sequence ?? 0 }
    },

    /** A page of the runs, newest first. */
    async listRuns(request: PageRequest) {
      const { where, ...page } = pageOfRows(request, 'newest first')
      return toPage(await db.provisioningRun.findMany({ where: { tenantId, ...where }, ...page }), request)
    },

    findRun: (id: string) => db.provisioningRun.findFirst({ where: { id, tenantId } }),

    /**
     * What was read again at the services within a run, by step in their order; what was read anew since is left out.
     *
     * @param limit of each step, how many things at most
     */
    async listReadings({ startedAt, endedAt }: { startedAt: Date; endedAt: Date | null }, limit: number) {
      const within = { gte: startedAt, ...(endedAt && { lte: endedAt }) }
      const steps = await db.provisioningStep.findMany({ where: { tenantId, observedAt: within } })
      const readings = []
      for (const { service, step, observedAt } of steps.sort(byStepOrder)) {
        if (!observedAt) continue
        const read = await readResources(db, { tenantId, service, step }, limit)
        readings.push({ service, step, observedAt, ...read })
      }
      return readings
    },
  }
}
