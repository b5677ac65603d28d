import type { Clock } from '#server/lib/clock'
import type { Database, DatabaseClient } from '#server/storage/database'
import type { StepOutcome } from './attempt'
import { LeaseLost } from './lease'
import { freeAt } from './lease-terms'
import { noteLeftLate, readFormer } from './connected/former.store'
import type { FormerPlace } from './connected/left-behind'
import { advance, isDue, isWaiting, type StepMove, type StepState } from './advance'
import { after, begunOf, changeOf, madeBy, notYetTried, settled, type BegunStep } from './step-changes'
import { approvalOf, concludeRuns, openRetry, type Approval, type AuditOf } from './runs.store'
import { readDesired } from './desired.store'
import { isPurgeAsked } from './purge.store'
import { completeReceipts, fillReceipts, hasOpenReceipts } from './receipts.store'
import { keepResources } from './resources.store'
import type { DesiredTenant } from './step-planner.port'
import { givesAccess } from './steps'

export type { BegunStep } from './step-changes'

/** A tenant that is ours to work on until the lease ends. */
export interface Claim {
  /** Names this pass in the log and in the audit. */
  readonly passId: string
  readonly tenant: { readonly id: string }
  readonly fence: number
  readonly leaseUntil: Date
  readonly approval: Approval
  /** Marked running. None: everything that was due is settled, and there is no lease to give back. */
  readonly steps: readonly BegunStep[]
  /** For which asking each of the tenant's steps stood there when it was claimed, by their ids. */
  readonly generations: ReadonlyMap<string, number>
}

/** What a result that was written down brought about. */
export interface Recorded {
  /** Begun, since they waited for it. */
  readonly begun: readonly BegunStep[]
  /** Whether the lease was given back with it. */
  readonly isReleased: boolean
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
  /** A tenant's own service can be asked too. */
  const withOwn = (connections: readonly { service: string }[]) => (step: StepState) =>
    isConfigured(step) || connections.some(({ service }) => service === step.service)

  return {
    /**
     * Takes a tenant's lease, marks as running what is due and has all that it needs, and settles what is not
     * configured, at once or not at all.
     *
     * @param options.isAgain whether this pass has asked before and was not answered: what it was given then is its own,
     *   and is given once more
     * @returns null where somebody else has it, or nothing is due
     */
    claim(tenantId: string, passId: string, { isAgain = false } = {}): Promise<Claim | null> {
      return database.transaction(async (tx) => {
        const now = clock.now()
        const tenant = await tx.tenant.findUnique({
          where: { id: tenantId },
          select: {
            approveDeletions: true,
            steps: true,
            connections: { select: { service: true } },
            runs: { where: { status: 'running' }, orderBy: { id: 'desc' }, take: 1 },
            ...(isAgain && { work: { select: { passId: true } } }),
          },
        })
        if (!tenant?.steps.some((step) => isDue(step, now))) return null
        const isOurs = isAgain && tenant.work?.passId === passId
        const steps = isOurs ? tenant.steps.map(notYetTried) : tenant.steps
        const isThere = withOwn(tenant.connections)
        const moves = advance(steps, (step) => isDue(step, now) || isWaiting(step), isThere)
        const begins = moves.some(({ to }) => to === 'running')
        const leaseUntil = leaseEnd(now)
        const [work] = await tx.provisioningWork.updateManyAndReturn({
          where: { tenantId, ...(isOurs ? { passId } : freeAt(now, leaseMs)) },
          data: {
            passId,
            fence: { increment: 1 },
            leaseUntil: begins ? leaseUntil : null,
            sequence: { increment: moves.length },
          },
        })
        if (!work) return null
        await write(tx, moves, work.sequence - moves.length, {
          now,
          former: await formerOf(tx, tenantId, moves),
        })
        const run = tenant.runs[0] ?? (await openRetry(tx, tenantId, now))
        const claim = {
          passId,
          tenant: { id: tenantId },
          fence: work.fence,
          leaseUntil,
          // Who deleted the tenant agreed to all that a purge deletes, also when it is tried again.
          approval: approvalOf(run, tenant.approveDeletions && !(await isPurgeAsked(tx, tenantId))),
          steps: begunOf(moves),
          generations: new Map(tenant.steps.map(({ id, generation }) => [id, generation])),
        }
        const left = after(steps, moves, now)
        if (moves.some(({ to, step }) => to === 'skipped' && givesAccess(step)))
          await completeReceipts(tx, tenantId, left, now)
        await concludeRuns(tx, claim, left, now, auditOf)
        return claim
      })
    },

    /**
     * What a claim's tenant should have now.
     *
     * @throws LeaseLost where it is gone
     */
    async desired({ tenant }: Claim): Promise<DesiredTenant> {
      const desired = await readDesired(database.client, tenant.id)
      if (!desired) throw new LeaseLost('The tenant is gone')
      return desired
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
     * Writes down what became of a step, and begins what was waiting for it. It stays pending where it was asked for
     * again meanwhile, since what was applied may be what was wanted before. With the last step, the runs end.
     *
     * @param about.isLast whether nothing else of this claim is under way: the lease is given back then, unless this
     *   begins something
     * @param about.place where the tenant's own service was that it was done at; null: at the platform's. What was done at
     *   another than is used now is not kept
     * @throws LeaseLost where the lease is no longer ours; nothing is written then
     */
    record(
      claim: Claim,
      step: BegunStep,
      outcome: StepOutcome,
      { isLast, place }: { isLast: boolean; place: string | null },
    ): Promise<Recorded> {
      return database.transaction(async (tx) => {
        const now = clock.now()
        const tenantId = claim.tenant.id
        const rows = await tx.provisioningStep.findMany({ where: { tenantId } })
        const row = rows.find(({ id }) => id === step.id)
        if (!row) throw new LeaseLost('The tenant is gone')
        const connections = await tx.tenantConnection.findMany({
          where: { tenantId },
          select: { service: true, apiUrl: true },
        })
        const placeNow = connections.find(({ service }) => service === step.service)?.apiUrl ?? null
        const isHere = placeNow === place
        const isCurrent = row.generation === step.generation && isHere
        const change = { ...(isCurrent && settled(outcome, now)), ...(isHere && madeBy(outcome, now)) }
        const steps = rows.map((one) => (one.id === step.id ? { ...one, ...change } : one))
        // Not what is due: it may have been asked for with another approval than this claim's.
        const moves = advance(steps, isWaiting, withOwn(connections))
        const begun = begunOf(moves)
        const isReleased = isLast && begun.length === 0
        const [work] = await tx.provisioningWork.updateManyAndReturn({
          where: { tenantId, fence: claim.fence, leaseUntil: { gt: now } },
          data: { sequence: { increment: 1 + moves.length }, ...(isReleased && { leaseUntil: null }) },
          select: { sequence: true },
        })
        if (!work) throw new LeaseLost('The lease was lost before a result could be written')
        const sequence = work.sequence - moves.length
        await tx.provisioningStep.updateMany({
          where: { id: step.id },
          data: { ...change, sequence, updatedAt: now },
        })
        if (!isHere && ('resources' in outcome || 'gotOn' in outcome)) {
          const of = { tenantId, service: step.service, step: step.step, place }
          await noteLeftLate(tx, now, of, 'resources' in outcome ? outcome.resources : undefined)
        }
        if ('resources' in outcome && isHere) {
          const of = { tenantId, service: step.service, step: step.step }
          await keepResources(tx, of, outcome.resources, { isFirst: row.externalId === null })
        }
        await write(tx, moves, sequence, { now, former: await formerOf(tx, tenantId, moves) })
        const left = after(steps, moves, now)
        if (isCurrent && givesAccess(step) && (await hasOpenReceipts(tx, tenantId))) {
          if (outcome.status === 'ok')
            await fillReceipts(tx, { tenantId, step, place }, outcome.accessOf, now)
          await completeReceipts(tx, tenantId, left, now)
        }
        await concludeRuns(tx, claim, left, now, auditOf)
        return { begun, isReleased }
      })
    },
  }
}

/** What may be told of steps that are skipped; of others nothing is read. */
async function formerOf(tx: DatabaseClient, tenantId: string, moves: readonly StepMove[]) {
  return moves.some(({ to }) => to === 'skipped') ? readFormer(tx, tenantId) : []
}

async function write(
  tx: DatabaseClient,
  moves: readonly StepMove[],
  place: number,
  { now, former }: { now: Date; former: readonly FormerPlace[] },
): Promise<void> {
  for (const [index, move] of moves.entries()) {
    await tx.provisioningStep.updateMany({
      where: { id: move.step.id },
      data: { ...changeOf(move, now, former), sequence: place + index + 1, updatedAt: now },
    })
  }
}
