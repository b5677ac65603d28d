import type { Clock } from '#server/lib/clock'
import type { Log } from '#server/lib/log'
import type { Database } from '#server/storage/database'
import type { Signals } from '#server/storage/signals'
import { askedChannel } from './channels'
import { runPass, type PassMeans } from './pass'
import type { Gate } from './gates'
import type { ServiceName, StepPlanner } from './step-planner.port'
import type { QueuedTenant, TenantQueue } from './queue.port'
import { createRowsQueue } from './queue.store'
import { createRevival } from './revival'
import type { AuditOf } from './runs.store'
import { platformServices, type ServicesOf } from './connected/tenant-services'
import { stepKey } from './steps'
import { createLanes } from '#server/lib/turns'
import { workStore } from './work.store'

export interface ReconcilerOptions {
  database: Database
  clock: Clock
  log: Log
  /** Tells replicas of each other's changes; what is lost costs time only. */
  signals: Pick<Signals, 'publish' | 'subscribe'>
  /** Of the services that are configured. The steps of all others are skipped. */
  planners: readonly StepPlanner[]
  /** Whom a tenant's steps are done at; default: the above, through `gate`. */
  servicesOf?: ServicesOf
  /** Where it is put on record that a tenant became active. */
  auditOf: AuditOf
  /** How many tenants are worked on at a time. */
  concurrency: number
  /** What tells of tenants; default: the rows of their steps. */
  queue?: TenantQueue
  /** How long a tenant is kept from others after its worker was last heard of. Default `defaultLeaseMs`. */
  leaseMs?: number
  /** How often a lease is renewed. Default a third of it. */
  renewMs?: number
  /** The longest time between two looks at what is due. Default 5,000. */
  pollMs?: number
  /** The longest time that planning a step, or one change, may take. Default 60,000. */
  stepTimeoutMs?: number
  /** How long one attempt may go on before it gives way to other tenants. Default 20,000. */
  sliceMs?: number
  /** Through which each service is asked. */
  gate: (service: ServiceName) => Gate
  /** Gives 0 to 1; for the spread of retries. */
  random?: () => number
}

export interface Reconciler {
  start(): void
  /**
   * Takes no new work, waits for what is under way, and cuts it off after the time of grace: such a step is pending
   * again. Ends at most 1.5 s after that; what it could not give back then is taken over when its lease is over.
   *
   * @param graceMs default 3,000
   */
  stop(graceMs?: number): Promise<void>
  /** Looks at what is due now. */
  look(): void
  /** For /ready: whether it was started, was not stopped, and could find out what is due when it last looked. */
  readonly running: boolean
}

const lastMomentMs = 1_500
/** After the database failed, it is asked again so soon, and less and less often while it goes on failing. */
const restMs = 500
/**
 * How much of one process is written at a time. SQLite has one writer. On PostgreSQL each statement is a way there and
 * back, and one after the other the writing is what all wait for; of four at a time every seventh meets another and is
 * done again, of many at a time most do.
 */
const lanes = { sqlite: 1, postgresql: 4 }
/** With the time between two looks, less than the 15 s within which somebody else goes on. */
export const defaultLeaseMs = 9_000

/**
 * Brings what is outside in line with what was asked for. Whatever is due is found in the rows of the steps, to which
 * the queue only points: whoever put it there, and whatever happened to the process that had begun it. Any number of replicas
 * may run; signals only make it quicker.
 */
export function createReconciler(options: ReconcilerOptions): Reconciler {
  const { database, clock, log, signals, concurrency, leaseMs = defaultLeaseMs, pollMs = 5_000 } = options
  const queue = options.queue ?? createRowsQueue(database, clock, leaseMs)
  const configured = new Set(options.planners.map((planner) => stepKey(planner)))
  const platform = platformServices(options)
  const store = workStore({
    database,
    clock,
    leaseMs,
    auditOf: options.auditOf,
    isConfigured: (step) => configured.has(stepKey(step)),
  })
  const stopping = new AbortController()
  const random = options.random ?? Math.random
  const means: PassMeans = {
    store,
    clock,
    log,
    signals,
    servicesOf: options.servicesOf ?? (() => Promise.resolve(platform)),
    mayBegin: () => phase === 'running',
    stopping: stopping.signal,
    inTurn: createLanes(lanes[database.provider]),
    renewMs: options.renewMs ?? leaseMs / 3,
    stepTimeoutMs: options.stepTimeoutMs ?? 60_000,
    sliceMs: options.sliceMs ?? 20_000,
    random,
  }

  const revive = createRevival({ database, clock, signals, configured: options.planners })
  const passes = new Map<string, Promise<void>>()
  const backlog: QueuedTenant[] = []
  let phase: 'new' | 'running' | 'stopped' = 'new'
  let blindLooks = 0
  let timer: NodeJS.Timeout | undefined
  let looking: Promise<void> | undefined
  let isLooking = false
  let lookAgain = false
  let unsubscribe = () => {}
  let stopped: Promise<void> | undefined

  function look(): void {
    lookAgain = true
    if (isLooking || phase !== 'running') return
    isLooking = true
    looking = lookWhileAsked()
  }

  async function lookWhileAsked(): Promise<void> {
    while (lookAgain && phase === 'running') {
      lookAgain = false
      clearTimeout(timer)
      let waitMs = pollMs
      try {
        if (await revive()) lookAgain = true
        const { due, nextAt } = await queue.take(concurrency - passes.size - backlog.length, concurrency * 2)
        const waiting = new Set(backlog.map(({ tenantId }) => tenantId))
        for (const queued of due) {
          if (waiting.has(queued.tenantId)) void giveBack(queued)
          else backlog.push(queued)
        }
        if (nextAt) waitMs = Math.min(pollMs, nextAt.getTime() - clock.now().getTime())
        blindLooks = 0
      } catch (error) {
        waitMs = Math.min(pollMs, restMs * 2 ** blindLooks)
        blindLooks += 1
        log.error({ err: error }, 'what is due could not be found out')
      }
      beginPasses()
      if (phase === 'running') timer = setTimeout(look, Math.max(waitMs, 1)).unref()
    }
    isLooking = false
  }

  function beginPasses(): void {
    while (phase === 'running' && passes.size < concurrency) {
      const next = backlog.shift()
      if (next === undefined) return
      // The pass that is under way looks at what is due when it has ended.
      if (passes.has(next.tenantId)) void giveBack(next)
      else passes.set(next.tenantId, pass(next))
    }
  }

  async function giveBack({ tenantId, done }: QueuedTenant): Promise<void> {
    await done().catch((error: unknown) =>
      log.warn({ err: error, tenantId }, 'the queue was not told of a tenant; it is found again'),
    )
  }

  async function pass(queued: QueuedTenant): Promise<void> {
    const { tenantId } = queued
    let isDone = false
    try {
      await runPass(tenantId, means)
      isDone = true
    } catch (error) {
      log.error({ err: error, tenantId }, 'a tenant could not be worked on')
    }
    await giveBack(queued)
    passes.delete(tenantId)
    // After a failure a little later: at once, it would most likely fail again.
    if (!isDone) setTimeout(look, restMs).unref()
    if (backlog.length > 0) beginPasses()
    else if (isDone) look()
  }

  async function stop(graceMs: number): Promise<void> {
    phase = 'stopped'
    clearTimeout(timer)
    unsubscribe()
    const underWay = Promise.all([looking, ...backlog.splice(0).map(giveBack), ...passes.values()])
    if (await endsWithin(underWay, graceMs)) return
    stopping.abort()
    if (!(await endsWithin(underWay, lastMomentMs)))
      log.warn(
        { tenants: [...passes.keys()] },
        'provisioning was left under way; it goes on when its lease is over',
      )
  }

  return {
    start() {
      if (phase !== 'new') return
      phase = 'running'
      unsubscribe = signals.subscribe(askedChannel, look)
      look()
    },
    stop: (graceMs = 3_000) => (stopped ??= stop(graceMs)),
    look,
    get running() {
      return phase === 'running' && blindLooks === 0
    },
  }
}

async function endsWithin(work: Promise<unknown>, milliseconds: number): Promise<boolean> {
  let timer: NodeJS.Timeout | undefined
  const timeIsOver = new Promise<boolean>((resolve) => (timer = setTimeout(resolve, milliseconds, false)))
  try {
    return await Promise.race([work.then(() => true), timeIsOver])
  } finally {
    clearTimeout(timer)
  }
}
