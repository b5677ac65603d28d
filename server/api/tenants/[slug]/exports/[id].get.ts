import { getExport } from '#server/domain/tenants/tenants'
import { tenant } from '#server/http/access'
import { defineRoute } from '#server/http/define-route'
import { ExportPath } from '#server/http/paths'
import { ExportQuery, TenantExportParts } from '#shared/contracts/exports'

export default defineRoute({
  summary: 'Some parts of an export, in their order.',
  access: tenant('exports:read'),
  params: ExportPath,
  query: ExportQuery,
  response: TenantExportParts,
  handle: ({ scope, params, query }) => getExport(scope, params.id, query),
})
