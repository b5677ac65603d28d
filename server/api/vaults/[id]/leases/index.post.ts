import { askLease } from '#server/domain/vaults/vaults'
import { vault } from '#server/http/access'
import { defineRoute } from '#server/http/define-route'
import { AskLease, Lease } from '#shared/contracts/vaults'

export default defineRoute({
  summary: 'Lends a secret to the machine that asks, for a time and a purpose.',
  access: vault('secrets:lease'),
  body: AskLease,
  response: Lease,
  status: 201,
  handle: ({ scope, body, container }) => askLease(scope, container.vault, body),
})
