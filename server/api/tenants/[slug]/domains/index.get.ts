import { listDomains } from '#server/domain/domains/domains'
import { tenant } from '#server/http/access'
import { defineRoute } from '#server/http/define-route'
import { DomainPage, DomainQuery } from '#shared/contracts/domains'

export default defineRoute({
  summary: "The tenant's mail domains, with the records to publish and what was found of them.",
  access: tenant('domains:read'),
  query: DomainQuery,
  response: DomainPage,
  async handle({ scope, query, container }) {
    const { recordsOf } = await container.servicesOf(scope.tenant.id)
    return listDomains(scope, query, recordsOf !== undefined)
  },
})
