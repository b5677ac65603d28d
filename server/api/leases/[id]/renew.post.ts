import { renewLease } from '#server/domain/vaults/vaults'
import { lease } from '#server/http/access'
import { defineRoute } from '#server/http/define-route'
import { Lease, RenewLease } from '#shared/contracts/vaults'

export default defineRoute({
  summary:
    'Lets a lease last longer, at most to its `endsLatest`: seven days from its beginning, or the end of what asked for it.',
  access: lease('secrets:lease'),
  body: RenewLease,
  response: Lease,
  handle: ({ scope, body, container }) => renewLease(scope, container.mintPlaces, body.ttlSeconds),
})
