import { defineErrors } from '#server/lib/errors'

export const vaultError = defineErrors({
  'vault.not_found': { status: 404, title: 'There is no such vault.' },
  'vault.handle_taken': { status: 409, title: 'The tenant has a vault with this handle.' },
  'vault.reason_missing': { status: 422, title: 'Say why you want to see this value.' },
  'secret.not_found': { status: 404, title: 'There is no such secret.' },
  'secret.version_not_found': { status: 404, title: 'This version is not kept.' },
  'secret.unreadable': { status: 500, title: 'What is kept of this secret can not be opened.' },
  'vault.unavailable': { status: 503, title: 'The vault can not be reached.' },
  'lease.not_found': { status: 404, title: 'There is no such lease.' },
  'lease.over': { status: 403, title: 'The lease is over.' },
})
