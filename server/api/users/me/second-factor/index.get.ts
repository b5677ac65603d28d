import { showSecondFactors } from '#server/auth/second-factor/second-factor'
import { session } from '#server/http/access'
import { defineRoute } from '#server/http/define-route'
import { SecondFactors } from '#shared/contracts/second-factor'

export default defineRoute({
  summary: "The caller's second factors.",
  access: session(),
  modes: ['standalone'],
  whileRestricted: true,
  response: SecondFactors,
  handle: ({ scope }) => showSecondFactors(scope),
})
