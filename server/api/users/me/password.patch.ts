import { changePassword } from '#server/auth/passwords/change-password'
import { session } from '#server/http/access'
import { issueSessionCookie } from '#server/http/cookies'
import { defineRoute } from '#server/http/define-route'
import { accountMailOf } from '#server/http/account-mail'
import { ChangePassword } from '#shared/contracts/users'

export default defineRoute({
  summary: "Changes the caller's password; every other session of theirs ends.",
  access: session(),
  modes: ['standalone'],
  stepUp: true,
  body: ChangePassword,
  async handle({ scope, body, container, event }) {
    issueSessionCookie(event, await changePassword(scope, container, await accountMailOf(container), body))
  },
})
