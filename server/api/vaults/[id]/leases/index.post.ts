import { askLease } from '#server/domain/vaults/vaults'
import { vault } from '#server/http/access'
import { defineRoute } from '#server/http/define-route'
import { AskLease, GrantedLease } from '#shared/contracts/vaults'

export default defineRoute({
  summary:
    'Lends a secret to the machine that asks, or has a token minted for it at a service, for a time and a purpose.',
  access: vault('secrets:lease'),
  body: AskLease,
  response: GrantedLease,
  status: 201,
  // What is minted is kept nowhere.
  idempotency: 'never',
  handle: ({ scope, body, container }) => askLease(scope, container, body),
})
