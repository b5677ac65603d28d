import { verifyDomain } from '#server/domain/domains/domains'
import { tenant } from '#server/http/access'
import { defineRoute } from '#server/http/define-route'
import { DomainPath } from '#server/http/paths'
import { Domain } from '#shared/contracts/domains'

export default defineRoute({
  summary: 'Looks for the challenge of a claimed domain, and at the records of a verified one.',
  access: tenant('domains:manage'),
  params: DomainPath,
  response: Domain,
  handle: ({ scope, params, container }) => verifyDomain(scope, container, params.name),
})
