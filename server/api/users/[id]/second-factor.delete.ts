import { resetFactors } from '#server/auth/second-factor/reset-factors'
import { operator } from '#server/http/access'
import { accountMailOf } from '#server/http/account-mail'
import { defineRoute } from '#server/http/define-route'
import { IdPath } from '#server/http/paths'

export default defineRoute({
  summary: "Removes somebody's second factors, who lost them; ends all of their sessions.",
  access: operator(),
  modes: ['standalone'],
  params: IdPath,
  stepUp: true,
  handle: async ({ scope, params, container }) =>
    resetFactors(scope, container, await accountMailOf(container), params.id),
})
