import { updateProfile } from '#server/domain/users/users'
import { caller } from '#server/http/access'
import { defineRoute } from '#server/http/define-route'
import { UpdateProfile, User } from '#shared/contracts/users'

export default defineRoute({
  summary: 'Changes what a person may change of their own.',
  access: caller(),
  body: UpdateProfile,
  response: User,
  etag: 'version',
  handle: ({ scope, body, ifMatch }) => updateProfile(scope, body, ifMatch),
})
