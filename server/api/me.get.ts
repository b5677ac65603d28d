import { Me } from '#shared/contracts/portal'
import { overviewOf } from '#server/domain/users/users'
import { caller } from '#server/http/access'
import { renewSessionCookie } from '#server/http/cookies'
import { defineRoute } from '#server/http/define-route'

export default defineRoute({
  summary: "What the portal's home needs, in one call.",
  access: caller(),
  response: Me,
  async handle({ scope, container, event }) {
    await renewSessionCookie(event, scope)
    return { ...(await overviewOf(scope)), services: [...container.launcher] }
  },
})
