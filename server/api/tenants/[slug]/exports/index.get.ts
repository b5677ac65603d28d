import { listExports } from '#server/domain/tenants/tenants'
import { tenant } from '#server/http/access'
import { defineRoute } from '#server/http/define-route'
import { PageQuery } from '#shared/contracts/common'
import { TenantExportPage } from '#shared/contracts/exports'

export default defineRoute({
  summary: "The tenant's exports, newest first.",
  access: tenant('exports:read'),
  query: PageQuery,
  response: TenantExportPage,
  handle: ({ scope, query }) => listExports(scope, query),
})
