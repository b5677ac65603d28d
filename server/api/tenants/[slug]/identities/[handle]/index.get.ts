import { tenant } from '#server/http/access'
import { defineRoute } from '#server/http/define-route'
import { MachinePath } from '#server/http/paths'
import { getMachine } from '#server/identities/machines'
import { Machine } from '#shared/contracts/machines'

export default defineRoute({
  summary: 'One machine of the tenant.',
  access: tenant('machines:read'),
  params: MachinePath,
  response: Machine,
  etag: 'version',
  handle: ({ scope, params }) => getMachine(scope, params.handle),
})
