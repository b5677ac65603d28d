import { tenant } from '#server/http/access'
import { defineRoute } from '#server/http/define-route'
import { DriftPath } from '#server/http/paths'
import { settleDrift } from '#server/provisioning/drift/drift'

export default defineRoute({
  summary: 'Has what was accepted or ignored open again.',
  access: tenant('drift:settle'),
  params: DriftPath,
  handle: ({ scope, params }) => settleDrift(scope, params.id, 'open'),
})
