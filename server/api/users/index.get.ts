import { listUsers } from '#server/domain/users/users'
import { operator } from '#server/http/access'
import { defineRoute } from '#server/http/define-route'
import { UserPage, UserQuery } from '#shared/contracts/users'

export default defineRoute({
  summary: 'All users, newest first.',
  access: operator(),
  query: UserQuery,
  response: UserPage,
  handle: ({ scope, query }) => listUsers(scope, query),
})
