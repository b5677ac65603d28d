import { addDomain } from '#server/domain/domains/domains'
import { tenant } from '#server/http/access'
import { defineRoute } from '#server/http/define-route'
import { AddDomain, Domain } from '#shared/contracts/domains'

export default defineRoute({
  summary: 'Claims a mail domain; its challenge is to be published within seven days.',
  access: tenant('domains:manage'),
  body: AddDomain,
  response: Domain,
  status: 201,
  async handle({ scope, body, container: { attempts, config, servicesOf } }) {
    const { publicUrl } = config
    const { recordsOf } = await servicesOf(scope.tenant.id)
    return addDomain(scope, { attempts, publicUrl, hasMailServer: recordsOf !== undefined }, body)
  },
})
