import { createUser } from '#server/domain/users/users'
import { operator } from '#server/http/access'
import { defineRoute } from '#server/http/define-route'
import { CreateUser, User } from '#shared/contracts/users'

export default defineRoute({
  summary: 'Creates a user; with a password they can sign in at once.',
  access: operator(),
  body: CreateUser,
  stepUp: ({ platformRole }) => platformRole === 'operator',
  response: User,
  status: 201,
  etag: 'version',
  handle: ({ scope, body, container }) => createUser(scope, container.localPasswords, body),
})
