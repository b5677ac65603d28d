import { getUser } from '#server/domain/users/users'
import { operator } from '#server/http/access'
import { defineRoute } from '#server/http/define-route'
import { IdPath } from '#server/http/paths'
import { User } from '#shared/contracts/users'

export default defineRoute({
  summary: 'One user.',
  access: operator(),
  params: IdPath,
  response: User,
  etag: 'version',
  handle: ({ scope, params }) => getUser(scope, params.id),
})
