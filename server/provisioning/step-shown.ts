import type { z } from 'zod'
import type { ProvisioningStep } from '#shared/contracts/provisioning'
import { needsOf } from './steps'
import type { StepRow } from './steps.store'

/** A step as the contract shows it: what does not apply is left out. */
export function showStep(row: StepRow): z.input<typeof ProvisioningStep> {
  const { service, step, status, attempt, reason, held, error, externalId, nextAttemptAt, updatedAt } = row
  const needs = [...needsOf(row)]
  // While it runs, that moment only says that it can be found again.
  const isWaiting = status === 'pending' || status === 'error'
  return {
    service,
    step,
    status,
    attempt,
    ...(reason !== null && { reason }),
    ...(held && { held }),
    ...(needs.length > 0 && { needs }),
    ...(error !== null && { error }),
    ...(externalId !== null && { externalId }),
    ...(nextAttemptAt && isWaiting && { nextAttemptAt }),
    updatedAt,
  }
}
