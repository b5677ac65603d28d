import type { z } from 'zod'
import type { ProvisioningStep } from '#shared/contracts/provisioning'
import type { StepRow } from './steps.store'

/** A step as the contract shows it: what does not apply is left out. */
export function showStep(row: StepRow): z.input<typeof ProvisioningStep> {
  const { service, step, status, attempt, reason, error, externalId, nextAttemptAt, updatedAt } = row
  // While it runs, that moment only says that it can be found again.
  const isWaiting = status === 'pending' || status === 'error'
  return {
    service,
    step,
    status,
    attempt,
    ...(reason !== null && { reason }),
    ...(error !== null && { error }),
    ...(externalId !== null && { externalId }),
    ...(nextAttemptAt && isWaiting && { nextAttemptAt }),
    updatedAt,
  }
}
