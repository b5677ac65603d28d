import { signIn } from '#server/auth/sign-in/sign-in'
import { entry } from '#server/http/access'
import { originOf } from '#server/http/device'
import { issueSessionCookie } from '#server/http/cookies'
import { defineRoute } from '#server/http/define-route'
import { Login, SignedIn } from '#shared/contracts/auth'

export default defineRoute({
  summary: 'Signs a person in by e-mail and password.',
  access: entry(),
  modes: ['standalone'],
  body: Login,
  response: SignedIn,
  idempotency: 'never',
  async handle({ scope, body, container, event }) {
    const { user, session } = await signIn(scope, container, body, originOf(event))
    issueSessionCookie(event, session)
    return { user }
  },
})
