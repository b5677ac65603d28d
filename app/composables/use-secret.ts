import type { PutSecret } from '#shared/contracts/vaults'
import { Secret, SecretVersions } from '#shared/contracts/vaults'

/** Which secret of a vault. */
export interface SecretPlace {
  vaultId: string
  service: string
  name: string
}

const pathOf = ({ vaultId, service, name }: SecretPlace) =>
  `/api/vaults/${vaultId}/entries/${service}/${name}`

/** Writes secrets of a vault. */
export function useSecretWriting() {
  const api = useApi()
  return {
    /** Whether there is one of this name already. */
    async has(place: SecretPlace): Promise<boolean> {
      try {
        await api.request(SecretVersions, `${pathOf(place)}/versions`)
        return true
      } catch (error) {
        if (failureFrom(error).status === 404) return false
        throw error
      }
    },
    /** A new version, also of a secret that is there already. */
    put: (place: SecretPlace, body: PutSecret) => api.command(pathOf(place), { method: 'PUT', body }),
  }
}

/** One secret by its versions, and what can be done to it. */
export function useSecret(place: SecretPlace) {
  const api = useApi()
  const path = pathOf(place)
  const page = usePageData(`secret:${path}`, (ask) => api.request(SecretVersions, `${path}/versions`, ask))
  const writing = useSecretWriting()

  return {
    ...page,
    versions: computed(() => page.data.value?.items ?? []),
    /** Its value. That somebody saw it, and why, is written down. */
    reveal: async (reason: string): Promise<string> =>
      (await api.request(Secret, path, { query: { reason } })).value,
    async put(body: PutSecret): Promise<void> {
      await writing.put(place, body)
      await page.refresh()
    },
    async restore(version: number): Promise<void> {
      await api.command(`${path}/versions/${version}/restore`, { method: 'POST' })
      await page.refresh()
    },
    /** With all its versions, for good. */
    remove: () => api.command(path, { method: 'DELETE' }),
  }
}
