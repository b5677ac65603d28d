import { tenant } from '#server/http/access'
import { defineRoute } from '#server/http/define-route'
import { MachinePath } from '#server/http/paths'
import { changeMachine } from '#server/identities/machines'
import { Machine, UpdateMachine } from '#shared/contracts/machines'

export default defineRoute({
  summary: 'Changes what a machine may do, and the vaults that it reaches.',
  access: tenant('machines:manage'),
  stepUp: true,
  params: MachinePath,
  body: UpdateMachine,
  response: Machine,
  etag: 'version',
  handle: ({ scope, params, body, ifMatch }) => changeMachine(scope, params.handle, body, ifMatch),
})
