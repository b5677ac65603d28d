import { requireLocalSignIn } from '#server/auth/sign-in/local-sign-in'
import { forgotPassword } from '#server/auth/passwords/password-reset'
import { entry } from '#server/http/access'
import { defineRoute } from '#server/http/define-route'
import { deviceOf } from '#server/http/device'
import { accountMailOf } from '#server/http/account-mail'
import { ForgotPassword } from '#shared/contracts/auth'

export default defineRoute({
  summary: 'Sends a mail to replace a forgotten password; answers the same whether the address is known.',
  access: entry(),
  modes: ['standalone'],
  body: ForgotPassword,
  status: 202,
  async handle({ scope, body, container, event }) {
    await requireLocalSignIn(scope, container)
    await forgotPassword(scope, container, await accountMailOf(container), body, deviceOf(event))
  },
})
