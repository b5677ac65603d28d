import { z } from 'zod'
import { Actor } from './audit'
import { Id, pageOf, Timestamp } from './common'
import { TenantStatus } from './tenants'

export const ServiceName = z.enum(['authentik', 'stalwart', 'ocis', 'mail'])
export type ServiceName = z.output<typeof ServiceName>

export const StepStatus = z.enum(['pending', 'running', 'ok', 'skipped', 'error'])
export type StepStatus = z.output<typeof StepStatus>

/**
 * One step at one service. `nextAttemptAt` is there while another attempt will be made by itself. `held`: all of it is
 * done but deletions, which an operator has to approve by their plan; the reason names them. `needs`: the steps, each as
 * `service/step`, that have to be done or skipped before it.
 */
export const ProvisioningStep = z.object({
  service: ServiceName,
  step: z.string(),
  status: StepStatus,
  attempt: z.number().int(),
  reason: z.string().optional(),
  held: z.literal(true).optional(),
  needs: z.array(z.string()).optional(),
  error: z.string().optional(),
  externalId: z.string().optional(),
  nextAttemptAt: Timestamp.optional(),
  updatedAt: Timestamp,
})
export type ProvisioningStep = z.output<typeof ProvisioningStep>

/** A tenant's status and all of its steps. `sequence` is the id of the newest event that it holds. */
export const Provisioning = z.object({
  status: TenantStatus,
  sequence: z.number().int(),
  steps: z.array(ProvisioningStep),
})
export type Provisioning = z.output<typeof Provisioning>

/**
 * Data of one event of the stream, event name `step`, id the tenant's sequence number.
 * After a cut the stream goes on behind Last-Event-ID with the newest state of every step that changed since.
 */
export const StepEvent = z.object({ status: TenantStatus, step: ProvisioningStep })
export type StepEvent = z.output<typeof StepEvent>

/** With `planHash`, just that plan is carried out. */
export const Reconcile = z
  .strictObject({
    planHash: z
      .string()
      .regex(/^[0-9a-f]{64}$/, 'This is not the hash of a plan.')
      .optional(),
  })
  .optional()

/** What would be changed of one thing at a service. `refuse`: it is not ours, and the reason says what can be done. */
export const PlannedChange = z.object({
  action: z.enum(['create', 'update', 'delete', 'adopt', 'refuse']),
  kind: z.string(),
  name: z.string(),
  /** Each field that changes, with what it holds and what it should; null: nothing. */
  fields: z
    .record(
      z.string(),
      z.object({
        from: z.union([z.string(), z.number(), z.null()]),
        to: z.union([z.string(), z.number(), z.null()]),
      }),
    )
    .optional(),
  reason: z.string().optional(),
})
export type PlannedChange = z.output<typeof PlannedChange>

/** What a reconcile would change, service by service; `error`: the service could not be looked at. */
export const TenantPlan = z.object({
  hash: z.string(),
  services: z.array(
    z.object({
      service: ServiceName,
      changes: z.array(PlannedChange),
      notes: z.array(z.string()),
      /** Why there is nothing to be looked at. */
      reason: z.string().optional(),
      error: z.string().optional(),
    }),
  ),
})
export type TenantPlan = z.output<typeof TenantPlan>

export const RunStarted = z.object({ runId: Id })

/** Why a tenant was looked at. */
export const RunCause = z.enum([
  ...(['created', 'requested', 'retry', 'changed', 'drift'] as const),
  ...(['suspended', 'resumed', 'archived', 'deleted', 'restored', 'purged'] as const),
])

/** `askedBy`: null where it is not on record; the system, where nobody asked but a schedule or a retry. */
export const ProvisioningRun = z.object({
  id: Id,
  cause: RunCause,
  askedBy: Actor.nullable(),
  status: z.enum(['running', 'done', 'failed']),
  startedAt: Timestamp,
  endedAt: Timestamp.nullable(),
})
export type ProvisioningRun = z.output<typeof ProvisioningRun>

/** What one step read at its service after it was done: `total` things, of which `resources` are the first 100. */
export const StepReading = z.object({
  service: ServiceName,
  step: z.string(),
  observedAt: Timestamp,
  total: z.number().int(),
  resources: z.array(z.object({ kind: z.string(), name: z.string(), externalId: z.string() })),
})
export type StepReading = z.output<typeof StepReading>

/** A run with what its steps read. A step that was read anew since is shown with the later run alone. */
export const ProvisioningRunDetails = ProvisioningRun.extend({ observed: z.array(StepReading) })
export type ProvisioningRunDetails = z.output<typeof ProvisioningRunDetails>

export const ProvisioningRunPage = pageOf(ProvisioningRun)
