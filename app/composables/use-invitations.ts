import { Invitation, InvitationPage } from '#shared/contracts/invitations'
import type { InviteMember } from '#shared/contracts/invitations'

/**
 * A tenant's open invitations, and what can be done with them.
 *
 * @param allowed whether the caller may see them; for others the list is empty, and nothing is asked
 */
export function useInvitations(slug: string, allowed: Ref<boolean>) {
  const api = useApi()
  const path = `/api/tenants/${slug}/invitations`
  const list = usePagedList<Invitation>(`invitations:${slug}`, async (cursor) =>
    allowed.value
      ? api.request(InvitationPage, path, { query: { cursor, limit: 25 } })
      : { items: [], nextCursor: null },
  )

  async function made(options: { path: string; body?: InviteMember; idempotencyKey?: string }) {
    const { path: at, ...rest } = options
    const invitation = await api.request(Invitation, at, { method: 'POST', ...rest })
    await list.refresh()
    return invitation
  }

  return {
    ...list,
    /** @returns the invitation, with its link where there is no mail server */
    invite: (body: InviteMember, idempotencyKey: string) => made({ path, body, idempotencyKey }),
    /** Another token takes the place of the former. */
    resend: (id: string) => made({ path: `${path}/${id}/resend` }),
    async revoke(id: string): Promise<void> {
      await api.command(`${path}/${id}`, { method: 'DELETE' })
      await list.refresh()
    },
  }
}
