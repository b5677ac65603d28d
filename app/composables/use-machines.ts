import type { IdentityStatus } from '#shared/contracts/machines'
import { MachinePage } from '#shared/contracts/machines'

/** The states by which a tenant's machines can be told apart; one that nobody has claimed is nobody's. */
export const machineStates = ['claimed', 'revoked'] as const satisfies IdentityStatus[]

/** A tenant's machines, newest first. @param status undefined: all */
export function useMachines(slug: string, status: Ref<IdentityStatus | undefined>) {
  const api = useApi()
  return usePagedList(
    `machines:${slug}`,
    (cursor) =>
      api.request(MachinePage, `/api/tenants/${slug}/identities`, {
        query: { status: status.value, cursor, limit: 25 },
      }),
    status,
  )
}
