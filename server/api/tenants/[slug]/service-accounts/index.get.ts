import { tenant } from '#server/http/access'
import { defineRoute } from '#server/http/define-route'
import { listServiceAccounts } from '#server/identities/service-accounts'
import { PageQuery } from '#shared/contracts/common'
import { ServiceAccountPage } from '#shared/contracts/machines'

export default defineRoute({
  summary: 'Services of the tenant that machines and tokens act for, oldest first.',
  access: tenant('machines:read'),
  query: PageQuery,
  response: ServiceAccountPage,
  handle: ({ scope, query }) => listServiceAccounts(scope, query),
})
