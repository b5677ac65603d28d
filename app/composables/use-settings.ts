import type { UpdateSettings } from '#shared/contracts/settings'
import { Settings } from '#shared/contracts/settings'

/** What operators set for the whole portal. */
export function useSettings() {
  const api = useApi()
  const { load } = usePortal()
  const page = usePageData('settings', () => api.tagged(Settings, '/api/settings'))

  return {
    ...page,
    settings: computed(() => page.data.value?.value),
    async change(changes: UpdateSettings): Promise<void> {
      const ifMatch = page.data.value?.etag
      try {
        await api.request(Settings, '/api/settings', { method: 'PATCH', body: changes, ifMatch })
      } finally {
        await Promise.all([page.refresh(), load()])
      }
    },
  }
}
