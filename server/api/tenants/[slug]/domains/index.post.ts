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
  handle({ scope, body, container: { attempts, config, mailRecords } }) {
    const { publicUrl } = config
    return addDomain(scope, { attempts, publicUrl, hasMailServer: mailRecords !== undefined }, body)
  },
})
