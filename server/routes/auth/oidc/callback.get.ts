import { receiveCallback } from '#server/http/oidc-login'
import { defineRedirect } from '#server/http/redirect'
import { CallbackQuery } from '#shared/contracts/oidc'

export default defineRedirect({
  summary: 'Where the OpenID provider sends people back to: its redirect URI.',
  query: CallbackQuery,
  handle: ({ event }) => receiveCallback(event),
})
