import type { UpdateMachine } from '#shared/contracts/machines'
import { Machine } from '#shared/contracts/machines'

/** One machine of a tenant, and what can be done to it. */
export function useMachine(slug: string, handle: string) {
  const api = useApi()
  const path = `/api/tenants/${slug}/identities/${encodeURIComponent(handle)}`
  const page = usePageData(`machine:${slug}:${handle}`, () => api.tagged(Machine, path))

  return {
    ...page,
    machine: computed(() => page.data.value?.value),
    /** Refused with 412 where it was changed since it was shown; the newest is loaded then. */
    async change(changes: UpdateMachine): Promise<void> {
      try {
        const ifMatch = page.data.value?.etag
        await api.request(Machine, path, { method: 'PATCH', body: changes, ifMatch })
      } finally {
        await page.refresh()
      }
    },
    /** It reads so when it asks about itself, and takes another key. */
    async askRotation(): Promise<void> {
      await api.request(Machine, `${path}/ask-rotation`, { method: 'POST' })
      await page.refresh()
    },
    /** For good. */
    async revoke(): Promise<void> {
      await api.command(`${path}/revoke`, { method: 'POST' })
      await page.refresh()
    },
  }
}
