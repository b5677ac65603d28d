import { z } from 'zod'
import { MachineMe } from '#shared/contracts/machines'
import { Me } from '#shared/contracts/portal'
import { overviewOf } from '#server/domain/users/users'
import { self } from '#server/http/access'
import { renewSessionCookie } from '#server/http/cookies'
import { defineRoute } from '#server/http/define-route'
import { getOwnStanding } from '#server/identities/machine-self'

export default defineRoute({
  summary: "What the portal's home needs, in one call; of a machine, for whom it acts.",
  access: self(),
  response: z.union([Me, MachineMe]),
  async handle({ scope, container, event }) {
    if ('machine' in scope) return getOwnStanding(scope.machine)
    await renewSessionCookie(event, scope)
    return { ...(await overviewOf(scope)), services: [...container.launcher] }
  },
})
