import type { Clock } from '#server/lib/clock'
import type { Database } from '#server/storage/database'
import type { StepOutcome } from './attempt'
import { LeaseLost } from './lease'
import type { DesiredTenant, ServiceName } from './provisioner.port'
import { concludeRuns, openRetry, type AuditOf } from './runs.store'
import { byStepOrder, notConfigured, provisionedStatuses, tenantSteps } from './steps'

/** A step as it stood when a worker began it. */
export interface BegunStep {
  readonly id: string
  readonly service: ServiceName
  readonly step: string
  /** For which asking it was begun. */
  readonly generation: number
  /** How often it was tried, with this time. */
  readonly attempt: number
}

/** A tenant that is ours to work on until the lease ends. */
export interface Claim {
  /** Names this pass in the log and in the audit. */
  readonly passId: string
  /** As it was after the lease was taken. */
  readonly tenant: DesiredTenant
  readonly fence: number
  readonly leaseUntil: Date
  /** Marked running. None: everything that was due is settled, and there is no lease to give back. */
  readonly steps: readonly BegunStep[]
}

export interface WorkMeans {
  database: Database
  clock: Clock
  /** Where the engine's own changes of a tenant are put on record. */
  auditOf: AuditOf
  /** Whether a step's service can be asked. */
  isConfigured: (step: { service: string; step: string }) => boolean
  leaseMs: number
}

export type WorkStore = ReturnType<typeof workStore>

/** What there is to do over all tenants, and who does it. One worker has a tenant at a time, over all replicas. */
export function workStore({ database, clock, auditOf, isConfigured, leaseMs }: WorkMeans) {
  const leaseEnd = (now: Date) => new Date(now.getTime() + leaseMs)
  const free = (now: Date) => ({ OR: [{ leaseUntil: null }, { leaseUntil: { lte: now } }] })

  return {
    /**
     * The tenants that nobody works on and that have a step due, those first that wait longest.
     *
     * @param limit how many at most
     * @returns `nextAt`: when the next one will be, where all that are due now are among them
     */
    async queue(limit: number): Promise<{ due: string[]; nextAt: Date | undefined }> {
      const now = clock.now()
      const rows = await database.client.provisioningStep.findMany({
        where: {
          nextAttemptAt: { not: null },
          tenant: { status: { in: [...provisionedStatuses] }, work: { is: free(now) } },
        },
        orderBy: [{ nextAttemptAt: 'asc' }, { tenantId: 'asc' }],
        take: limit * tenantSteps.length,
        select: { tenantId: true, nextAttemptAt: true },
      })
      const later = rows.findIndex(({ nextAttemptAt }) => nextAttemptAt && nextAttemptAt > now)
      const due = new Set(rows.slice(0, later < 0 ? undefined : later).map(({ tenantId }) => tenantId))
      return { due: [...due].slice(0, limit), nextAt: rows[later]?.nextAttemptAt ?? undefined }
    },

    /**
     * Takes a tenant's lease, marks what is due as running, and settles what is not configured, at once or not at all.
     *
     * @returns null where somebody else has it, or nothing is due
     */
    claim(tenantId: string, passId: string): Promise<Claim | null> {
      return database.transaction(async (tx) => {
        const now = clock.now()
        const tenant = await tx.tenant.findUnique({
          where: { id: tenantId, status: { in: [...provisionedStatuses] } },
          select: {
            id: true,
            slug: true,
            name: true,
            steps: true,
            runs: { where: { status: 'running' }, take: 1 },
          },
        })
        const due = (tenant?.steps ?? []).filter(({ nextAttemptAt }) => nextAttemptAt && nextAttemptAt <= now)
        if (!tenant || due.length === 0) return null
        const leaseUntil = leaseEnd(now)
        const [work] = await tx.provisioningWork.updateManyAndReturn({
          where: { tenantId, ...free(now) },
          data: {
            fence: { increment: 1 },
            leaseUntil: due.some(isConfigured) ? leaseUntil : null,
            sequence: { increment: due.length },
          },
        })
        if (!work) return null

        const steps: BegunStep[] = []
        for (const [index, { id, service, step, generation, attempt }] of due.sort(byStepOrder).entries()) {
          const change = { sequence: work.sequence - due.length + index + 1, updatedAt: now }
          if (isConfigured({ service, step })) {
            // It stays due while it runs: where its worker dies, that is how it is found again.
            const running = { status: 'running', attempt: attempt + 1, reason: null } as const
            await tx.provisioningStep.update({ where: { id }, data: { ...change, ...running } })
            steps.push({ id, service, step, generation, attempt: attempt + 1 })
          } else {
            const skipped = {
              status: 'skipped',
              reason: notConfigured,
              error: null,
              nextAttemptAt: null,
            } as const
            await tx.provisioningStep.update({ where: { id }, data: { ...change, ...skipped } })
          }
        }
        if (tenant.runs.length === 0) await openRetry(tx, tenantId, now)
        const { slug, name } = tenant
        const claim = { passId, tenant: { id: tenantId, slug, name }, fence: work.fence, leaseUntil, steps }
        await concludeRuns(tx, claim, now, auditOf)
        return claim
      })
    },

    /** @returns until when the lease is ours now; null where it is lost */
    async renew({ tenant, fence }: Claim): Promise<Date | null> {
      const now = clock.now()
      const { count } = await database.client.provisioningWork.updateMany({
        where: { tenantId: tenant.id, fence, leaseUntil: { gt: now } },
        data: { leaseUntil: leaseEnd(now) },
      })
      return count > 0 ? leaseEnd(now) : null
    },

    /** Gives the lease back, where it is still ours. */
    async release({ tenant, fence }: Claim): Promise<void> {
      await database.client.provisioningWork.updateMany({
        where: { tenantId: tenant.id, fence },
        data: { leaseUntil: null },
      })
    },

    /**
     * Writes down what became of a step. It stays pending where it was asked for again meanwhile, since what was
     * applied may be what was wanted before. With the last step, the runs end and the tenant becomes active.
     *
     * @throws LeaseLost where the lease is no longer ours; nothing is written then
     */
    record(claim: Claim, step: BegunStep, outcome: StepOutcome): Promise<void> {
      return database.transaction(async (tx) => {
        const now = clock.now()
        const [work] = await tx.provisioningWork.updateManyAndReturn({
          where: { tenantId: claim.tenant.id, fence: claim.fence, leaseUntil: { gt: now } },
          data: { sequence: { increment: 1 } },
        })
        if (!work) throw new LeaseLost('The lease was lost before a result could be written')
        const { generation } = await tx.provisioningStep.findUniqueOrThrow({
          where: { id: step.id },
          select: { generation: true },
        })
        await tx.provisioningStep.update({
          where: { id: step.id },
          data: {
            ...(generation === step.generation && settled(outcome, now)),
            ...(outcome.status === 'ok' && { externalId: outcome.externalId }),
            sequence: work.sequence,
            updatedAt: now,
          },
        })
        await concludeRuns(tx, claim, now, auditOf)
      })
    },
  }
}

function settled(outcome: StepOutcome, now: Date) {
  switch (outcome.status) {
    case 'ok':
      return { status: 'ok', error: null, nextAttemptAt: null } as const
    case 'error':
      return outcome
    case 'pending':
      return { status: 'pending', nextAttemptAt: now } as const
  }
}
