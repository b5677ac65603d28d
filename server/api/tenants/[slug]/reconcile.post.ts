import { tenant } from '#server/http/access'
import { defineRoute } from '#server/http/define-route'
import { reconcile } from '#server/provisioning/provisioning'
import { Reconcile, RunStarted } from '#shared/contracts/provisioning'

export default defineRoute({
  summary: 'Has every service looked at again; what is right already stays as it is.',
  access: tenant('provisioning:reconcile'),
  body: Reconcile,
  response: RunStarted,
  status: 202,
  handle: ({ scope, body, container }) => reconcile(scope, container, body),
})
