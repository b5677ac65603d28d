import { isLocalSignInOn } from '#server/auth/sign-in/local-sign-in'
import { setupNeeded } from '#server/auth/sign-in/setup'
import { getPortalName } from '#server/domain/settings/settings'
import { entry } from '#server/http/access'
import { defineRoute } from '#server/http/define-route'
import { PortalInfo } from '#shared/contracts/portal'

export default defineRoute({
  summary: 'What a page may know before anyone signed in.',
  access: entry(),
  response: PortalInfo,
  async handle({ scope, container }) {
    const { config, mailer, provider } = container
    const name = await getPortalName(scope, config.authMode)
    const needed = config.authMode === 'standalone' && (await setupNeeded(scope))
    const local = await isLocalSignInOn(scope, container)
    const passwordReset = local && mailer !== undefined
    const issuer = (await provider.settings())?.issuer
    const signIn = { local, provider: issuer === undefined ? null : new URL(issuer).host }
    return { name, authMode: config.authMode, setupNeeded: needed, passwordReset, signIn }
  },
})
