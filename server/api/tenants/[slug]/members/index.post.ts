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
  handle: ({ scope, body }) => addMember(scope, body),
})
