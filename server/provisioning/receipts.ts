import type { TenantScope } from '#server/scope'
import type { PageRequest } from '#server/storage/page'

/** A page of what was read at the services after people's access was taken away, newest first. */
export function listReceipts(scope: TenantScope, request: PageRequest) {
  return scope.stores.receipts.list(request)
}
