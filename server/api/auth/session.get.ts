import { getProfile } from '#server/domain/users/users'
import { caller } from '#server/http/access'
import { renewSessionCookie } from '#server/http/cookies'
import { defineRoute } from '#server/http/define-route'
import { CurrentSession } from '#shared/contracts/auth'

export default defineRoute({
  summary: 'Who the caller is.',
  access: caller(),
  whileRestricted: true,
  response: CurrentSession,
  async handle({ scope, container, event }) {
    await renewSessionCookie(event, scope)
    const { authMode } = container.config
    const { method = null, restricted = false } = scope.session ?? {}
    return { user: await getProfile(scope), authMode, method, restricted }
  },
})
