import type { TenantScope } from '#server/scope'
import type { PageRequest } from '#server/storage/page'
import { identityError } from './identities.errors'

/** A page of the tenant's services that machines and tokens act for, oldest first. */
export function listServiceAccounts(scope: TenantScope, request: PageRequest) {
  return scope.stores.serviceAccounts.list(request)
}

/**
 * Removes a service for which nothing acts any more. What does is to be revoked first: so nobody stops a machine by
 * clearing up.
 *
 * @throws AppError service.not_found, service.in_use
 */
export async function removeServiceAccount(scope: TenantScope, id: string): Promise<void> {
  await scope.transaction(async ({ serviceAccounts, audit }) => {
    const found = await serviceAccounts.find(id)
    if (!found) throw identityError('service.not_found')
    const { name, machines, tokens } = found
    if (machines + tokens > 0)
      throw identityError('service.in_use', {
        detail: `Revoke them first: ${machines} machines and ${tokens} tokens.`,
      })
    await serviceAccounts.remove(id)
    await audit.record({
      action: 'service.removed',
      subject: { kind: 'service', id },
      before: { service: name },
    })
  })
}
