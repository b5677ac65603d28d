import { getLease } from '#server/domain/vaults/vaults'
import { lease } from '#server/http/access'
import { defineRoute } from '#server/http/define-route'
import { Lease } from '#shared/contracts/vaults'

export default defineRoute({
  summary: 'A lease, without what it lets read.',
  access: lease('leases:manage'),
  response: Lease,
  handle: ({ scope }) => getLease(scope),
})
