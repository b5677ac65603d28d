import { testProvider } from '#server/auth/oidc/sign-in-settings'
import { operator } from '#server/http/access'
import { defineRoute } from '#server/http/define-route'
import { ProviderTest, TestProvider } from '#shared/contracts/sign-in-settings'

export default defineRoute({
  summary: 'Asks an OpenID provider to describe itself, and says what is wrong.',
  access: operator(),
  modes: ['standalone'],
  body: TestProvider,
  response: ProviderTest,
  idempotency: 'never',
  handle: ({ container, body }) => testProvider(container, body.issuer),
})
