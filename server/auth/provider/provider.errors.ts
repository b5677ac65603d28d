import { defineErrors } from '#server/lib/errors'

export const providerError = defineErrors({
  'auth.provider_not_configured': { status: 404, title: 'No OpenID provider is configured.' },
  'auth.provider_unavailable': { status: 503, title: 'The sign-in service can not be reached.' },
  'auth.id_token_refused': { status: 401, title: 'The sign-in service vouched for nobody.' },
})
