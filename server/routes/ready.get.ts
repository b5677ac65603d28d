import { Readiness } from '#shared/contracts/portal'
import { anyone } from '#server/http/access'
import { defineRoute } from '#server/http/define-route'
import { readinessOf } from '#server/http/readiness'

export default defineRoute({
  summary: 'Whether traffic should be sent here: 200, or 503 with what is out of reach.',
  access: anyone(),
  response: Readiness,
  unavailable: (readiness) => readiness.status === 'failed',
  handle: ({ container }) => readinessOf(container),
})
