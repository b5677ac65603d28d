import { updateUser } from '#server/domain/users/users'
import { operator } from '#server/http/access'
import { defineRoute } from '#server/http/define-route'
import { IdPath } from '#server/http/paths'
import { UpdateUser, User } from '#shared/contracts/users'

export default defineRoute({
  summary: 'Changes a user; disabling one ends their sessions.',
  access: operator(),
  params: IdPath,
  body: UpdateUser,
  stepUp: ({ platformRole, status }) => platformRole !== undefined || status !== undefined,
  response: User,
  etag: 'version',
  handle: ({ scope, params, body, ifMatch }) => updateUser(scope, params.id, body, ifMatch),
})
