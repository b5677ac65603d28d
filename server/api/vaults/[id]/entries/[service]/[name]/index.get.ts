import { getSecret } from '#server/domain/vaults/vaults'
import { vault } from '#server/http/access'
import { defineRoute } from '#server/http/define-route'
import { SecretPath } from '#server/http/paths'
import { RevealQuery, Secret } from '#shared/contracts/vaults'

export default defineRoute({
  summary: 'Shows a value, and writes down who saw it and why.',
  access: vault('secrets:read'),
  params: SecretPath,
  query: RevealQuery,
  response: Secret,
  stepUp: true,
  handle: ({ scope, params, query, container }) =>
    getSecret(scope, container.vault, { ...params, reason: query.reason }),
})
