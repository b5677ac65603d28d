import { setupNeeded } from '#server/auth/sign-in/setup'
import { entry } from '#server/http/access'
import { defineRoute } from '#server/http/define-route'
import { SetupState } from '#shared/contracts/auth'

export default defineRoute({
  summary: 'Whether the portal still waits for its first operator.',
  access: entry(),
  modes: ['standalone'],
  response: SetupState,
  handle: async ({ scope }) => ({ needed: await setupNeeded(scope) }),
})
