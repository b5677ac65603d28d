import { listMembershipsOf } from '#server/domain/users/users'
import { operator } from '#server/http/access'
import { defineRoute } from '#server/http/define-route'
import { IdPath } from '#server/http/paths'
import { PageQuery } from '#shared/contracts/common'
import { UserMembershipPage } from '#shared/contracts/users'

export default defineRoute({
  summary: 'The tenants that a user is a member of, in the order in which they came.',
  access: operator(),
  params: IdPath,
  query: PageQuery,
  response: UserMembershipPage,
  handle: ({ scope, params, query }) => listMembershipsOf(scope, params.id, query),
})
