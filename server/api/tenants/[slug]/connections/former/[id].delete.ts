import { settleFormer } from '#server/domain/connections/connections'
import { tenant } from '#server/http/access'
import { defineRoute } from '#server/http/define-route'
import { FormerConnectionPath } from '#server/http/paths'

export default defineRoute({
  summary: 'Says that somebody has seen to what was left at a former service: it is told no more.',
  access: tenant('connections:manage'),
  params: FormerConnectionPath,
  stepUp: true,
  handle: ({ scope, params }) => settleFormer(scope, params.id),
})
