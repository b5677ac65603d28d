import { getProfile } from '#server/domain/users/users'
import { caller } from '#server/http/access'
import { defineRoute } from '#server/http/define-route'
import { CurrentSession } from '#shared/contracts/auth'

export default defineRoute({
  summary: 'Who the caller is.',
  access: caller(),
  response: CurrentSession,
  async handle({ scope, container }) {
    return { user: await getProfile(scope), authMode: container.config.authMode }
  },
})
