import { requireLocalSignIn } from '#server/auth/sign-in/local-sign-in'
import { completeSignIn } from '#server/auth/sign-in/second-step'
import { entry } from '#server/http/access'
import { clearStepCookies, issueSessionCookie, stepToken } from '#server/http/cookies'
import { defineRoute } from '#server/http/define-route'
import { originOf } from '#server/http/device'
import { SignedIn } from '#shared/contracts/auth'
import { FactorProof } from '#shared/contracts/second-factor'

export default defineRoute({
  summary: 'Ends a sign-in that waits for its second factor.',
  access: entry(),
  modes: ['standalone'],
  body: FactorProof,
  response: SignedIn,
  idempotency: 'never',
  async handle({ scope, body, container, event }) {
    await requireLocalSignIn(scope, container)
    const tokens = { pending: stepToken(event, 'pending'), passkey: stepToken(event, 'passkey') }
    const { user, session } = await completeSignIn(scope, container, body, originOf(event), tokens)
    clearStepCookies(event)
    issueSessionCookie(event, session)
    return { user }
  },
})
