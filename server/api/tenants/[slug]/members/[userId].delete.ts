import { removeMember } from '#server/domain/members/members'
import { tenant } from '#server/http/access'
import { defineRoute } from '#server/http/define-route'
import { MemberPath } from '#server/http/paths'

export default defineRoute({
  summary: 'Ends a membership.',
  access: tenant('members:manage'),
  params: MemberPath,
  handle: ({ scope, params }) => removeMember(scope, params.userId),
})
