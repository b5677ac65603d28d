import type { UpdateSignInSettings } from '#shared/contracts/sign-in-settings'
import { ProviderTest, SignInSettings } from '#shared/contracts/sign-in-settings'

const path = '/api/settings/oidc'

/** How people sign in, as operators set it. */
export function useSignInSettings() {
  const api = useApi()
  const { load } = usePortal()
  const page = usePageData('sign-in-settings', () => api.request(SignInSettings, path))

  return {
    ...page,
    settings: page.data,
    async change(changes: UpdateSignInSettings): Promise<void> {
      try {
        await api.request(SignInSettings, path, { method: 'PATCH', body: changes })
      } finally {
        await Promise.all([page.refresh(), load()])
      }
    },
    /** Asks a provider to describe itself. */
    test: (issuer: string | undefined) =>
      api.request(ProviderTest, `${path}/test`, { method: 'POST', body: issuer ? { issuer } : {} }),
  }
}
