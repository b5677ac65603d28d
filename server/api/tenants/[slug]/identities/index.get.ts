import { tenant } from '#server/http/access'
import { defineRoute } from '#server/http/define-route'
import { listMachines } from '#server/identities/machines'
import { MachinePage, MachineQuery } from '#shared/contracts/machines'

export default defineRoute({
  summary: "The tenant's machines, newest first; those too that were revoked.",
  access: tenant('machines:read'),
  query: MachineQuery,
  response: MachinePage,
  handle: ({ scope, query }) => listMachines(scope, query),
})
