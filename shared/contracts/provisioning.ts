import { z } from 'zod'
import { Id, pageOf, Timestamp } from './common'
import { TenantStatus } from './tenants'

export const ServiceName = z.enum(['authentik', 'stalwart', 'ocis', 'mail'])
export type ServiceName = z.output<typeof ServiceName>

export const StepStatus = z.enum(['pending', 'running', 'ok', 'skipped', 'error'])
export type StepStatus = z.output<typeof StepStatus>

/** One step at one service. `nextAttemptAt` is there while another attempt will be made by itself. */
export const ProvisioningStep = z.object({
  service: ServiceName,
  step: z.string(),
  status: StepStatus,
  attempt: z.number().int(),
  reason: z.string().optional(),
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

export const Reconcile = z.strictObject({}).optional()
export const RunStarted = z.object({ runId: Id })

export const ProvisioningRun = z.object({
  id: Id,
  cause: z.enum(['created', 'requested', 'retry', 'changed']),
  status: z.enum(['running', 'done', 'failed']),
  startedAt: Timestamp,
  endedAt: Timestamp.nullable(),
})
export const ProvisioningRunPage = pageOf(ProvisioningRun)
