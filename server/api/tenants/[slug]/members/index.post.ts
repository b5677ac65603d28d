import { countedUntilDone } from '#server/auth/sign-in/attempts'
import { addMember } from '#server/domain/members/members'
import { tenant } from '#server/http/access'
import { defineRoute } from '#server/http/define-route'
import { AddMember, Member } from '#shared/contracts/members'

export default defineRoute({
  summary: 'Makes an existing user a member.',
  access: tenant('members:manage'),
  body: AddMember,
  response: Member,
  status: 201,
  etag: 'version',
  handle: ({ scope, body, container }) =>
    // So that nobody finds out by and by who has an account here.
    countedUntilDone(container, 'finding', scope.actor.id, () => addMember(scope, body)),
})
