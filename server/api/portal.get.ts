import { setupNeeded } from '#server/auth/sign-in/setup'
import { getSettings } from '#server/domain/settings/settings'
import { entry } from '#server/http/access'
import { defineRoute } from '#server/http/define-route'
import { PortalInfo } from '#shared/contracts/portal'

export default defineRoute({
  summary: 'What a page may know before anyone signed in.',
  access: entry(),
  response: PortalInfo,
  async handle({ scope, container: { config, mailer } }) {
    const { portalName } = await getSettings(scope, config.authMode)
    const needed = config.authMode === 'standalone' && (await setupNeeded(scope))
    const passwordReset = config.authMode === 'standalone' && mailer !== undefined
    return { name: portalName.value, authMode: config.authMode, setupNeeded: needed, passwordReset }
  },
})
