import { defineErrors } from '#server/lib/errors'

export const auditError = defineErrors({
  'audit.broken': {
    status: 503,
    title: 'The audit can not be added to: its chains were altered by somebody else.',
  },
})
