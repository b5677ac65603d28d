import { Me } from '#shared/contracts/portal'
import { overviewOf } from '#server/domain/users/users'
import { caller } from '#server/http/access'
import { defineRoute } from '#server/http/define-route'

export default defineRoute({
  summary: "What the portal's home needs, in one call.",
  access: caller(),
  response: Me,
  async handle({ scope, container }) {
    return { ...(await overviewOf(scope)), services: [...container.launcher] }
  },
})
