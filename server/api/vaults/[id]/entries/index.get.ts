import { listSecrets } from '#server/domain/vaults/vaults'
import { vault } from '#server/http/access'
import { defineRoute } from '#server/http/define-route'
import { SecretEntryPage, SecretQuery } from '#shared/contracts/vaults'

export default defineRoute({
  summary: "A vault's secrets by service and name, without values.",
  access: vault('secrets:list'),
  query: SecretQuery,
  response: SecretEntryPage,
  handle: ({ scope, query, container }) => listSecrets(scope, container.vault, query),
})
