import { launcherOf } from '#server/config/launcher'
import { overviewOf } from '#server/domain/users/overview'
import { caller } from '#server/http/access'
import { defineRoute } from '#server/http/define-route'
import { Me } from '#shared/contracts/portal'

export default defineRoute({
  summary: "What the portal's home needs, in one call.",
  access: caller(),
  response: Me,
  async handle({ scope, container }) {
    return { ...(await overviewOf(scope)), services: launcherOf(container.config) }
  },
})
