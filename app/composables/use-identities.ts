import { LinkedIdentities } from '#shared/contracts/identities'
import { LoginRedirect } from '#shared/contracts/oidc'

const path = '/api/users/me/identities'

/** A person's identities at OpenID providers. */
export function useIdentities() {
  const api = useApi()
  const page = usePageData('identities', () => api.request(LinkedIdentities, path))

  return {
    ...page,
    items: computed(() => page.data.value?.items ?? []),
    /** Leads to the provider, which leads back. */
    async link(): Promise<void> {
      const { redirect } = await api.request(LoginRedirect, '/api/auth/oidc/link', { method: 'POST' })
      window.location.assign(redirect)
    },
    async unlink(id: string): Promise<void> {
      await api.command(`${path}/${id}`, { method: 'DELETE' })
      await page.refresh()
    },
  }
}
