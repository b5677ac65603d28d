import { changeMember } from '#server/domain/members/members'
import { tenant } from '#server/http/access'
import { defineRoute } from '#server/http/define-route'
import { MemberPath } from '#server/http/paths'
import { Member, UpdateMember } from '#shared/contracts/members'

export default defineRoute({
  summary: 'Gives a member another role.',
  access: tenant('members:manage'),
  params: MemberPath,
  body: UpdateMember,
  response: Member,
  etag: 'version',
  handle: ({ scope, params, body, ifMatch }) => changeMember(scope, params.userId, body, ifMatch),
})
