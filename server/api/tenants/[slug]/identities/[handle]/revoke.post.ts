import { tenant } from '#server/http/access'
import { defineRoute } from '#server/http/define-route'
import { MachinePath } from '#server/http/paths'
import { revokeMachine } from '#server/identities/machines'

export default defineRoute({
  summary: 'Takes everything from a machine, for good.',
  access: tenant('machines:manage'),
  params: MachinePath,
  handle: ({ scope, params }) => revokeMachine(scope, params.handle),
})
