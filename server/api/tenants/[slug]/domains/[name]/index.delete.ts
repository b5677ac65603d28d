import { removeDomain } from '#server/domain/domains/domains'
import { tenant } from '#server/http/access'
import { defineRoute } from '#server/http/define-route'
import { DomainPath } from '#server/http/paths'

export default defineRoute({
  summary: 'Gives a mail domain up, or takes a claim back.',
  access: tenant('domains:manage'),
  params: DomainPath,
  async handle({ scope, params, container }) {
    const { recordsOf } = await container.servicesOf(scope.tenant.id)
    return removeDomain(scope, recordsOf !== undefined, params.name)
  },
})
