import { tenant } from '#server/http/access'
import { defineRoute } from '#server/http/define-route'
import { MachinePath } from '#server/http/paths'
import { askRotation } from '#server/identities/machines'
import { Machine } from '#shared/contracts/machines'

export default defineRoute({
  summary: 'Asks a machine to take another key.',
  access: tenant('machines:manage'),
  params: MachinePath,
  response: Machine,
  etag: 'version',
  handle: ({ scope, params }) => askRotation(scope, params.handle),
})
