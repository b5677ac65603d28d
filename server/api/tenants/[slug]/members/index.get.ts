import { listMembers } from '#server/domain/members/members'
import { tenant } from '#server/http/access'
import { defineRoute } from '#server/http/define-route'
import { MemberPage, MemberQuery } from '#shared/contracts/members'

export default defineRoute({
  summary: "The tenant's members, in the order in which they came.",
  access: tenant('members:read'),
  query: MemberQuery,
  response: MemberPage,
  handle: ({ scope, query }) => listMembers(scope, query),
})
