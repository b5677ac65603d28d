import { defineErrors } from '#server/lib/errors'

export const vaultError = defineErrors({
  'vault.not_found': { status: 404, title: 'There is no such vault.' },
  'vault.handle_taken': { status: 409, title: 'The tenant has a vault with this handle.' },
  'vault.handle_reserved': { status: 422, title: "This handle is kept for Tenantry's own use." },
  'vault.is_default': { status: 409, title: 'Every tenant keeps its default vault.' },
  'vault.not_empty': { status: 409, title: 'There are secrets in this vault.' },
  'vault.too_many': { status: 409, title: 'The tenant can have no more vaults.' },
  'secret.not_found': { status: 404, title: 'There is no such secret.' },
  'secret.version_not_found': { status: 404, title: 'This version is not kept.' },
  'lease.not_found': { status: 404, title: 'There is no such lease.' },
  'lease.too_many': { status: 409, title: 'This machine has as many leases as it can have.' },
  'lease.not_mintable': { status: 422, title: 'No tokens are minted at this service, as it is set up.' },
  'lease.not_renewable': {
    status: 409,
    title: 'A token of this service ends when it was said to; ask for another.',
  },
  'lease.has_no_value': { status: 409, title: 'A minted token is given once, with the lease.' },
  'lease.over': { status: 403, title: 'The lease is over.' },
})
