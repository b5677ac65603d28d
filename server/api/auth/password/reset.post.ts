import { requireLocalSignIn } from '#server/auth/sign-in/local-sign-in'
import { resetPassword } from '#server/auth/passwords/password-reset'
import { entry } from '#server/http/access'
import { clearSessionCookie, clearStepCookies } from '#server/http/cookies'
import { defineRoute } from '#server/http/define-route'
import { deviceOf } from '#server/http/device'
import { accountMailOf } from '#server/http/account-mail'
import { ResetPassword } from '#shared/contracts/auth'

export default defineRoute({
  summary: 'Replaces a forgotten password with the token of a mail; signs nobody in.',
  access: entry(),
  modes: ['standalone'],
  body: ResetPassword,
  async handle({ scope, body, container, event }) {
    await requireLocalSignIn(scope, container)
    await resetPassword(scope, container, await accountMailOf(container), body, deviceOf(event))
    clearStepCookies(event)
    clearSessionCookie(event)
  },
})
