import { getSettings } from '#server/domain/settings/settings'
import { operator } from '#server/http/access'
import { defineRoute } from '#server/http/define-route'
import { Settings } from '#shared/contracts/settings'

export default defineRoute({
  summary: 'All settings, each with its source.',
  access: operator(),
  response: Settings,
  handle: ({ scope, container }) => getSettings(scope, container.config),
})
