import type { CreateUser, UpdateUser } from '#shared/contracts/users'
import { User, UserPage } from '#shared/contracts/users'

/** Everybody who can sign in; for operators. */
export function useUsers(search: Ref<string>) {
  const api = useApi()
  const list = usePagedList(
    'users',
    (cursor) => api.request(UserPage, '/api/users', { query: { search: search.value, cursor, limit: 25 } }),
    search,
  )

  return {
    ...list,
    async create(user: CreateUser, idempotencyKey: string): Promise<void> {
      await api.request(User, '/api/users', { method: 'POST', body: user, idempotencyKey })
      await list.refresh()
    },
    async change(id: string, changes: UpdateUser): Promise<void> {
      await api.request(User, `/api/users/${id}`, { method: 'PATCH', body: changes })
      await list.refresh()
    },
    async remove(id: string): Promise<void> {
      await api.command(`/api/users/${id}`, { method: 'DELETE' })
      await list.refresh()
    },
  }
}
