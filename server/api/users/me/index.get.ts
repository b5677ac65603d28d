import { z } from 'zod'
import { getProfile } from '#server/domain/users/users'
import { self } from '#server/http/access'
import { defineRoute } from '#server/http/define-route'
import { getOwnStanding } from '#server/identities/machine-self'
import { MachineMe } from '#shared/contracts/machines'
import { User } from '#shared/contracts/users'

export default defineRoute({
  summary:
    "The caller's own user, made where a token comes for the first time; of a machine, for whom it acts.",
  access: self(),
  firstCall: true,
  response: z.union([User, MachineMe]),
  etag: 'version',
  handle: async ({ scope }) =>
    'machine' in scope ? { ...getOwnStanding(scope.machine), version: 1 } : getProfile(scope),
})
