import { endLease } from '#server/domain/vaults/vaults'
import { lease } from '#server/http/access'
import { defineRoute } from '#server/http/define-route'

export default defineRoute({
  summary: 'Ends a lease: a machine gives it back, or an admin takes it.',
  access: lease('leases:manage'),
  handle: ({ scope }) => endLease(scope),
})
