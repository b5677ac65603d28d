import { removeTotp } from '#server/auth/second-factor/second-factor'
import { session } from '#server/http/access'
import { issueSessionCookie } from '#server/http/cookies'
import { defineRoute } from '#server/http/define-route'

export default defineRoute({
  summary: 'Removes the app that shows one-time codes; every other session of the caller ends.',
  access: session(),
  modes: ['standalone'],
  stepUp: true,
  async handle({ scope, event }) {
    issueSessionCookie(event, await removeTotp(scope))
  },
})
