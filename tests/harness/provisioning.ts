import { afterEach, vi } from 'vitest'
import { auditStore } from '#server/domain/audit/audit.store'
import { createTenant } from '#server/domain/tenants/tenants'
import type { Clock } from '#server/lib/clock'
import { newId } from '#server/lib/ids'
import { createLog } from '#server/lib/log'
import { askedChannel } from '#server/provisioning/channels'
import { IntegrationError } from '#server/lib/errors'
import type {
  Change,
  DesiredTenant,
  KnownStep,
  ServiceName,
  StepPlanner,
} from '#server/provisioning/step-planner.port'
import { createGates } from '#server/provisioning/gates'
import { reconcile } from '#server/provisioning/provisioning'
import { createReconciler, type Reconciler, type ReconcilerOptions } from '#server/provisioning/reconciler'
import type { AuditOf } from '#server/provisioning/runs.store'
import { byStepOrder } from '#server/provisioning/steps'
import { createScopes, type TenantScope } from '#server/scope'
import type { Database } from '#server/storage/database'
import { createLocalSignals } from '#server/storage/signals-local'
import type { DatabaseUnderTest } from './databases'
import { auditKey } from './audit'

export const silent = createLog('silent')

/** A clock that stands still until it is moved. */
export function createManualClock(start = new Date('2026-03-01T08:00:00.000Z')) {
  let now = start.getTime()
  return { now: () => new Date(now), advance: (milliseconds: number) => void (now += milliseconds) }
}

/** What a service answers to one change: the id of what it made. */
type Apply = (tenant: DesiredTenant, signal: AbortSignal) => Promise<{ externalId: string }>

/** An outside service that makes one thing for each tenant, and finds it again; what goes wrong is scripted. */
export function createService(service: ServiceName = 'authentik', step = 'group') {
  const made = new Map<string, string>()
  const calls: DesiredTenant[] = []
  const plans: DesiredTenant[] = []
  const succeed: Apply = async ({ id, slug }) => {
    const externalId = made.get(id) ?? `${service}-${slug}-${made.size + 1}`
    made.set(id, externalId)
    return { externalId }
  }
  const script: Apply[] = []
  /** Tenants whose change was just made: read again, it shows. */
  const changed = new Set<string>()
  const apply = async (tenant: DesiredTenant, signal: AbortSignal) => {
    calls.push(tenant)
    const { externalId } = await (script.shift() ?? succeed)(tenant, signal)
    made.set(tenant.id, externalId)
    changed.add(tenant.id)
  }
  const planner: StepPlanner = {
    service,
    step,
    async plan(tenant) {
      plans.push(tenant)
      const externalId = made.get(tenant.id)
      const isRight = changed.delete(tenant.id) || (externalId !== undefined && script.length === 0)
      const thing = { kind: step, name: tenant.slug }
      return {
        resources: externalId === undefined ? [] : [{ ...thing, externalId, fingerprint: tenant.slug }],
        changes: isRight
          ? []
          : [{ ...thing, action: 'create', apply: (signal: AbortSignal) => apply(tenant, signal) }],
        notes: [],
      }
    },
  }
  return {
    planner,
    /** What was to be changed, one for each change. */
    calls,
    /** What it was looked at for, one for each plan. */
    plans,
    /** What it made, by the tenant's id. */
    made,
    succeed,
    /** Answers the next changes, one for each; then it works again. */
    next: (...answers: Apply[]) => void script.push(...answers),
    fail: (error: unknown) => void script.push(() => Promise.reject(error)),
  }
}

/** Lets somebody wait until it is opened. */
export function createLatch() {
  let open = () => {}
  const opened = new Promise<void>((resolve) => (open = resolve))
  return { opened, open: () => open() }
}

/** A tenant's provisioning as it stands in the database, without what differs from one making to the next. */
export async function readState({ client }: Database, tenantId: string) {
  const tenant = await client.tenant.findUniqueOrThrow({
    where: { id: tenantId },
    include: { steps: true, work: true, runs: { orderBy: { id: 'asc' } } },
  })
  const entries = await client.auditEntry.findMany({
    where: { tenantId, actorKind: 'system' },
    orderBy: { id: 'asc' },
  })
  const steps = tenant.steps.sort(byStepOrder)
  return {
    status: tenant.status,
    steps,
    /** Of each service its first step. */
    services: Object.fromEntries(steps.toReversed().map((step) => [step.service, step.status])),
    step: (service: ServiceName) => steps.find((step) => step.service === service) ?? never(service),
    runs: tenant.runs.map(({ cause, status, endedAt }) => ({ cause, status, ended: endedAt !== null })),
    sequence: tenant.work?.sequence,
    leaseUntil: tenant.work?.leaseUntil,
    activations: entries.filter(({ action }) => action === 'tenant.activated').length,
  }
}

function never(name: string): never {
  throw new Error(`There is no ${name}`)
}

/** Waits for a state, looking often. */
export const eventually = <Result>(look: () => Result | Promise<Result>) =>
  vi.waitFor(look, { interval: 5, timeout: 10_000 })

const gates = (clock: Clock) => createGates({ clock, concurrency: 100, random: () => 0 })

type Replace = Partial<ReconcilerOptions>

/** What a suite on provisioning works with; everything that it started or made is gone after each test. */
export function createWorkshop(given: DatabaseUnderTest) {
  const started: Reconciler[] = []
  let clock = createManualClock()
  let signals = createLocalSignals(silent)
  let count = 0

  afterEach(async () => {
    await Promise.all(started.splice(0).map((reconciler) => reconciler.stop(0)))
    await given.database.client.tenant.deleteMany()
    await given.database.client.user.deleteMany()
    clock = createManualClock()
    signals = createLocalSignals(silent)
  })

  const scopes = (over: Clock = clock) =>
    createScopes(given.database, over, {
      wake: (tenantId) => signals.publish(askedChannel, tenantId),
      localAccounts: true,
      auditKey,
    })
  const operator = { userId: 'nobody', platformRole: 'operator', session: null } as const

  return {
    get clock() {
      return clock
    },
    get signals() {
      return signals
    },
    scopes,
    state: (tenantId: string) => readState(given.database, tenantId),

    /** A tenant as createTenant leaves it: everything asked for. */
    createTenant: (name = 'Acme', over: Clock = clock) =>
      createTenant(scopes(over).platform('test'), {
        slug: `tenant-${++count}`,
        ...{ name, plan: 'mvp', locale: 'en' },
      }),

    /** Makes people members, with mailboxes of their names, without asking for anything. @returns their ids */
    async addPeople(tenantId: string, names: readonly string[]): Promise<string[]> {
      const { client } = given.database
      const at = { createdAt: clock.now(), updatedAt: clock.now() }
      const ids: string[] = []
      for (const name of names) {
        const id = newId()
        const role = ids.length === 0 ? 'owner' : 'member'
        await client.user.create({
          data: { id, email: `${name}@example.org`, emailVerified: true, name, nameKey: name, ...at },
        })
        const membership = { id: newId(), tenantId, userId: id, mailbox: name, ...at } as const
        await client.membership.create({ data: { ...membership, role, source: 'manual' } })
        ids.push(id)
      }
      return ids
    },

    /** Gives a tenant verified domains, in their order, without asking for anything. */
    async addDomains(tenantId: string, names: readonly string[]): Promise<void> {
      for (const name of names) {
        clock.advance(1)
        const at = { createdAt: clock.now(), updatedAt: clock.now(), verifiedAt: clock.now() }
        const domain = { id: newId(), tenantId, name, verifiedName: name, challenge: '' }
        await given.database.client.domain.create({ data: { ...domain, ...at } })
      }
    },

    async scopeOf(slug: string): Promise<TenantScope> {
      return (await scopes().tenant(operator, slug, 'test')) ?? never(slug)
    },

    /** Asks for every step again, as the portal does. */
    reconcile: (scope: TenantScope) => reconcile(scope, { planners: [], gate: gates(clock) }),

    /** A reconciler as the container makes it, on the suite's database unless told otherwise; not started. */
    reconciler(services: { planner: StepPlanner }[], replace: Replace = {}): Reconciler {
      const over = replace.clock ?? clock
      const auditOf: AuditOf = (tx, { tenantId, requestId }) =>
        auditStore(tx, { clock: over, auditKey, actor: { kind: 'system' }, requestId, tenantId })
      const reconciler = createReconciler({
        database: given.database,
        clock,
        log: silent,
        signals,
        planners: services.map(({ planner }) => planner),
        auditOf,
        concurrency: 4,
        gate: gates(over),
        pollMs: 60_000,
        random: () => 1,
        ...replace,
      })
      started.push(reconciler)
      return reconciler
    },

    /** A reconciler that has started. */
    start(services: { planner: StepPlanner }[], replace: Replace = {}): Reconciler {
      const reconciler = this.reconciler(services, replace)
      reconciler.start()
      return reconciler
    },

    /** Waits until a tenant is in a status. */
    reached: (tenantId: string, status: string) =>
      eventually(async () => {
        const state = await readState(given.database, tenantId)
        if (state.status !== status)
          throw new Error(`The tenant is ${state.status}: ${JSON.stringify(state.services)}`)
        return state
      }),

    /** Waits until a step is in a status. */
    stepReached: (tenantId: string, service: ServiceName, status: string) =>
      eventually(async () => {
        const state = await readState(given.database, tenantId)
        const step = state.step(service)
        if (step.status !== status) throw new Error(`The step is ${step.status}`)
        return { ...step, state }
      }),
  }
}

/** What a tenant should have; what is not told is plain. */
export function desiredOf(tenant: Partial<DesiredTenant> & { id: string; slug: string }): DesiredTenant {
  const nothing = { state: 'active', storageBytes: 1024 ** 3, mailboxBytes: 1024 ** 3 } as const
  return { name: 'Acme', ...nothing, domains: [], members: [], ...tenant }
}

/**
 * Carries a plan out as the engine does: what is refused throws, every change is made, and reading again shows none.
 *
 * @returns the main resource's id
 */
export async function carryOut(
  planner: StepPlanner,
  tenant: DesiredTenant,
  signal: AbortSignal,
  known: KnownStep = { externalId: null },
): Promise<{ externalId: string | undefined; changes: readonly Change[] }> {
  const plan = async () => {
    const planned = await planner.plan(tenant, known, signal)
    const refused = planned.changes.find(({ action }) => action === 'refuse')
    if (!refused) return planned
    throw new IntegrationError({ service: planner.service, kind: 'conflict', message: refused.reason ?? '' })
  }
  const { changes } = await plan()
  for (const change of changes) await change.apply(signal)
  const after = await plan()
  if (after.changes.length > 0) throw new Error(`It is not done: ${JSON.stringify(after.changes)}`)
  return { externalId: after.resources[0]?.externalId, changes }
}
