import { getUserDetails } from '#server/domain/users/users'
import { operator } from '#server/http/access'
import { defineRoute } from '#server/http/define-route'
import { IdPath } from '#server/http/paths'
import { UserDetails } from '#shared/contracts/users'

export default defineRoute({
  summary: 'One user.',
  access: operator(),
  params: IdPath,
  response: UserDetails,
  etag: 'version',
  handle: ({ scope, params }) => getUserDetails(scope, params.id),
})
