import { setUp } from '#server/auth/sign-in/setup'
import { entry } from '#server/http/access'
import { originOf } from '#server/http/device'
import { issueSessionCookie } from '#server/http/cookies'
import { defineRoute } from '#server/http/define-route'
import { Setup, SignedIn } from '#shared/contracts/auth'

export default defineRoute({
  summary: 'Creates the first operator and signs them in; once.',
  access: entry(),
  modes: ['standalone'],
  body: Setup,
  response: SignedIn,
  status: 201,
  idempotency: 'never',
  async handle({ scope, body, container, event }) {
    const { user, session } = await setUp(scope, container, body, originOf(event))
    issueSessionCookie(event, session)
    return { user }
  },
})
