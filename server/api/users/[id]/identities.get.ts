import { listIdentitiesOf } from '#server/domain/users/users'
import { operator } from '#server/http/access'
import { defineRoute } from '#server/http/define-route'
import { IdPath } from '#server/http/paths'
import { PageQuery } from '#shared/contracts/common'
import { UserIdentityPage } from '#shared/contracts/users'

export default defineRoute({
  summary: 'A user as OpenID providers know them, in the order in which they were linked.',
  access: operator(),
  params: IdPath,
  query: PageQuery,
  response: UserIdentityPage,
  handle: ({ scope, params, query }) => listIdentitiesOf(scope, params.id, query),
})
