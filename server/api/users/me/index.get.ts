import { getProfile } from '#server/domain/users/users'
import { caller } from '#server/http/access'
import { defineRoute } from '#server/http/define-route'
import { User } from '#shared/contracts/users'

export default defineRoute({
  summary: "The caller's own user; made where a token comes for the first time.",
  access: caller(),
  firstCall: true,
  response: User,
  etag: 'version',
  handle: ({ scope }) => getProfile(scope),
})
