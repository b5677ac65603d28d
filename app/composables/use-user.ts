import type { UpdateUser } from '#shared/contracts/users'
import { SessionPage } from '#shared/contracts/auth'
import { User, UserDetails, UserIdentityPage, UserMembershipPage } from '#shared/contracts/users'

/** One user; for operators. */
export function useUser(id: string) {
  const api = useApi()
  const path = `/api/users/${id}`
  const page = usePageData(`user:${id}`, () => api.tagged(UserDetails, path))

  return {
    ...page,
    user: computed(() => page.data.value?.value),
    async change(changes: UpdateUser): Promise<void> {
      const ifMatch = page.data.value?.etag
      try {
        await api.request(User, path, { method: 'PATCH', body: changes, ifMatch })
      } finally {
        await page.refresh()
      }
    },
    remove: () => api.command(path, { method: 'DELETE' }),
    async resetSecondFactor(): Promise<void> {
      await api.command(`${path}/second-factor`, { method: 'DELETE' })
      await page.refresh()
    },
  }
}

/** The browsers in which a user is signed in; for operators. */
export function useUserSessions(id: string) {
  const api = useApi()
  const path = `/api/users/${id}/sessions`
  const list = usePagedList(`user-sessions:${id}`, (cursor) =>
    api.request(SessionPage, path, { query: { cursor, limit: 25 } }),
  )

  return {
    ...list,
    async end(sessionId: string): Promise<void> {
      await api.command(`${path}/${sessionId}`, { method: 'DELETE' })
      await list.refresh()
    },
    async endAll(): Promise<void> {
      await api.command(path, { method: 'DELETE' })
      await list.refresh()
    },
  }
}

/** The tenants that a user is a member of; for operators. */
export function useUserMemberships(id: string) {
  const api = useApi()
  return usePagedList(`user-memberships:${id}`, (cursor) =>
    api.request(UserMembershipPage, `/api/users/${id}/memberships`, { query: { cursor, limit: 25 } }),
  )
}

/** A user as OpenID providers know them; for operators. */
export function useUserIdentities(id: string) {
  const api = useApi()
  return usePagedList(`user-identities:${id}`, (cursor) =>
    api.request(UserIdentityPage, `/api/users/${id}/identities`, { query: { cursor, limit: 25 } }),
  )
}
