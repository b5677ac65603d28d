import { updateSettings } from '#server/domain/settings/settings'
import { operator } from '#server/http/access'
import { defineRoute } from '#server/http/define-route'
import { Settings, UpdateSettings } from '#shared/contracts/settings'

export default defineRoute({
  summary: 'Changes settings.',
  access: operator(),
  modes: ['standalone'],
  body: UpdateSettings,
  stepUp: ({ secondFactorRequiredOf }) => secondFactorRequiredOf !== undefined,
  response: Settings,
  handle: ({ scope, body, container }) => updateSettings(scope, container.config, body),
})
