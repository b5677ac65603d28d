import { requireLocalSignIn } from '#server/auth/sign-in/local-sign-in'
import { signInByPasskey } from '#server/auth/sign-in/second-step'
import { entry } from '#server/http/access'
import { clearStepCookies, issueSessionCookie, stepToken } from '#server/http/cookies'
import { defineRoute } from '#server/http/define-route'
import { originOf } from '#server/http/device'
import { SignedIn } from '#shared/contracts/auth'
import { SignInByPasskey } from '#shared/contracts/passkeys'

export default defineRoute({
  summary: 'Signs a person in by a passkey alone, which is both factors.',
  access: entry(),
  modes: ['standalone'],
  body: SignInByPasskey,
  response: SignedIn,
  idempotency: 'never',
  async handle({ scope, body, container, event }) {
    await requireLocalSignIn(scope, container)
    const origin = originOf(event)
    const { user, session } = await signInByPasskey(
      scope,
      container,
      body,
      origin,
      stepToken(event, 'passkey'),
    )
    clearStepCookies(event)
    issueSessionCookie(event, session)
    return { user }
  },
})
