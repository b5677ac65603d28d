import type { ChangePassword, UpdateProfile } from '#shared/contracts/users'
import { SessionPage } from '#shared/contracts/auth'
import { User } from '#shared/contracts/users'

const path = '/api/users/me'

/** A person's own profile and password. */
export function useAccount() {
  const api = useApi()
  const session = useSession()
  const page = usePageData('profile', () => api.tagged(User, `${path}/profile`))

  return {
    ...page,
    user: computed(() => page.data.value?.value),
    async changeProfile(changes: UpdateProfile): Promise<void> {
      const ifMatch = page.data.value?.etag
      try {
        await api.request(User, `${path}/profile`, { method: 'PATCH', body: changes, ifMatch })
      } finally {
        await Promise.all([page.refresh(), session.refresh()])
      }
    },
    changePassword: (change: ChangePassword) =>
      api.command(`${path}/password`, { method: 'PATCH', body: change }),
  }
}

/** The browsers in which a person is signed in. */
export function useOwnSessions() {
  const api = useApi()
  const list = usePagedList('sessions', (cursor) =>
    api.request(SessionPage, `${path}/sessions`, { query: { cursor, limit: 25 } }),
  )

  return {
    ...list,
    async end(id: string): Promise<void> {
      await api.command(`${path}/sessions/${id}`, { method: 'DELETE' })
      await list.refresh()
    },
    async endOthers(): Promise<void> {
      await api.command(`${path}/sessions`, { method: 'DELETE' })
      await list.refresh()
    },
  }
}
