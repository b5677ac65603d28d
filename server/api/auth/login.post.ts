import { requireLocalSignIn } from '#server/auth/sign-in/local-sign-in'
import { signIn } from '#server/auth/sign-in/sign-in'
import { pendingSeconds } from '#server/auth/sign-in/pending-sign-ins'
import { entry } from '#server/http/access'
import { originOf } from '#server/http/device'
import { issueSessionCookie, issueStepCookie } from '#server/http/cookies'
import { defineRoute } from '#server/http/define-route'
import { Login } from '#shared/contracts/auth'
import { LoginAnswer } from '#shared/contracts/second-factor'

export default defineRoute({
  summary: 'Signs a person in by e-mail and password, or says which second factor is wanted first.',
  access: entry(),
  modes: ['standalone'],
  body: Login,
  response: LoginAnswer,
  idempotency: 'never',
  async handle({ scope, body, container, event }) {
    await requireLocalSignIn(scope, container)
    const answer = await signIn(scope, container, body, originOf(event))
    if ('session' in answer) issueSessionCookie(event, answer.session)
    else issueStepCookie(event, 'pending', answer.pendingToken, pendingSeconds)
    return answer
  },
})
