import { signOut } from '#server/auth/sign-in/sign-in'
import { entry } from '#server/http/access'
import { clearSessionCookie, sessionToken } from '#server/http/cookies'
import { defineRoute } from '#server/http/define-route'

export default defineRoute({
  summary: 'Ends the session of the cookie, if there is one.',
  access: entry(),
  idempotency: 'never',
  async handle({ scope, event }) {
    const token = sessionToken(event)
    if (token) await signOut(scope, token)
    clearSessionCookie(event)
  },
})
