import { Passkey, PasskeyOptions } from '#shared/contracts/passkeys'
import { NewRecoveryCodes, SecondFactors, TotpSetup } from '#shared/contracts/second-factor'

const path = '/api/users/me/second-factor'
const passkeysPath = '/api/users/me/passkeys'

/** A person's second factors. What was just made is in `codes`, to be shown once. */
export function useSecondFactors() {
  const api = useApi()
  const page = usePageData('second-factors', () => api.request(SecondFactors, path))
  const codes = ref<string[]>()

  async function added(answer: NewRecoveryCodes): Promise<void> {
    codes.value = answer.recoveryCodes ?? undefined
    await page.refresh()
  }

  return {
    ...page,
    factors: page.data,
    codes,
    beginTotp: () => api.request(TotpSetup, `${path}/totp`, { method: 'POST' }),
    async confirmTotp(code: string): Promise<void> {
      const options = { method: 'POST', body: { code } } as const
      await added(await api.request(NewRecoveryCodes, `${path}/totp/confirm`, options))
    },
    async removeTotp(): Promise<void> {
      await api.command(`${path}/totp`, { method: 'DELETE' })
      await page.refresh()
    },
    async renewCodes(): Promise<void> {
      await added(await api.request(NewRecoveryCodes, `${path}/recovery-codes`, { method: 'POST' }))
    },
    async addPasskey(name: string): Promise<void> {
      const question = await api.request(PasskeyOptions, `${passkeysPath}/options`, { method: 'POST' })
      const body = { name, passkey: await makePasskey(question) }
      await added(await api.request(NewRecoveryCodes, passkeysPath, { method: 'POST', body }))
    },
    async renamePasskey(id: string, name: string): Promise<void> {
      await api.request(Passkey, `${passkeysPath}/${id}`, { method: 'PATCH', body: { name } })
      await page.refresh()
    },
    async removePasskey(id: string): Promise<void> {
      await api.command(`${passkeysPath}/${id}`, { method: 'DELETE' })
      await page.refresh()
    },
  }
}
