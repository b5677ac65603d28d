import { readLease } from '#server/domain/vaults/vaults'
import { lease } from '#server/http/access'
import { defineRoute } from '#server/http/define-route'
import { LeasedSecret } from '#shared/contracts/vaults'

export default defineRoute({
  summary: 'What a lease lets read, while it lasts.',
  access: lease('secrets:lease'),
  response: LeasedSecret,
  handle: ({ scope, container }) => readLease(scope, container.vault),
})
