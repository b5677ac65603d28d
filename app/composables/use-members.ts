import type { AddMember } from '#shared/contracts/members'
import { Member, MemberPage } from '#shared/contracts/members'
import type { TenantRole } from '#shared/contracts/tenants'

/** A tenant's members, and what can be done to them. */
export function useMembers(slug: string, search: Ref<string>) {
  const api = useApi()
  const path = `/api/tenants/${slug}/members`
  const list = usePagedList(
    `members:${slug}`,
    (cursor) => api.request(MemberPage, path, { query: { search: search.value, cursor, limit: 25 } }),
    search,
  )

  return {
    ...list,
    async add(member: AddMember, idempotencyKey: string): Promise<void> {
      await api.request(Member, path, { method: 'POST', body: member, idempotencyKey })
      await list.refresh()
    },
    async changeRole(userId: string, role: TenantRole): Promise<void> {
      await api.request(Member, `${path}/${userId}`, { method: 'PATCH', body: { role } })
      await list.refresh()
    },
    /** @param leaves whether it is the caller's own: the list is not theirs to see then */
    async remove(userId: string, { leaves }: { leaves: boolean }): Promise<void> {
      await api.command(`${path}/${userId}`, { method: 'DELETE' })
      if (!leaves) await list.refresh()
    },
  }
}
