import { Health } from '#shared/contracts/portal'
import { anyone } from '#server/http/access'
import { defineRoute } from '#server/http/define-route'
import { version } from '#server/lib/version'

export default defineRoute({
  summary: 'That the process answers; no backend is asked.',
  access: anyone(),
  response: Health,
  handle: ({ container }) => ({ status: 'ok' as const, version, authMode: container.config.authMode }),
})
