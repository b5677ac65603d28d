import { deleteUser } from '#server/domain/users/users'
import { operator } from '#server/http/access'
import { defineRoute } from '#server/http/define-route'
import { IdPath } from '#server/http/paths'

export default defineRoute({
  summary: 'Deletes a user: personal data is erased, the audit stays.',
  access: operator(),
  params: IdPath,
  stepUp: true,
  handle: ({ scope, params }) => deleteUser(scope, params.id),
})
