import { session } from '#server/http/access'
import { defineRoute } from '#server/http/define-route'
import { startLogin } from '#server/http/oidc-login'
import { LoginRedirect } from '#shared/contracts/oidc'

export default defineRoute({
  summary: 'Begins a login at the OpenID provider by which an identity is linked to the caller.',
  access: session(),
  response: LoginRedirect,
  idempotency: 'never',
  stepUp: true,
  async handle({ scope, event }) {
    const link = { userId: scope.actorId, sessionId: scope.session.id }
    return { redirect: await startLogin(event, { returnTo: '/account', prompt: 'login', link }) }
  },
})
