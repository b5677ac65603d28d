import { listConnections } from '#server/domain/connections/connections'
import { tenant } from '#server/http/access'
import { defineRoute } from '#server/http/define-route'
import { Connections } from '#shared/contracts/connections'

export default defineRoute({
  summary:
    "Lists the tenant's own connections to services, and what it left elsewhere; no credential is told.",
  access: tenant('connections:manage'),
  response: Connections,
  handle: ({ scope }) => listConnections(scope),
})
