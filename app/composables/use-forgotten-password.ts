import type { ForgotPassword, ResetPassword } from '#shared/contracts/auth'

/** The way back in for somebody who forgot their password. */
export function useForgottenPassword() {
  const api = useApi()
  const post = (path: string, body: unknown) => api.command(path, { method: 'POST', body, anonymous: true })
  return {
    /** Has a mail sent; succeeds the same whether anybody has the address. */
    ask: (forgotten: ForgotPassword) => post('/api/auth/password/forgot', forgotten),
    reset: (replacement: ResetPassword) => post('/api/auth/password/reset', replacement),
  }
}

/** The token of the mail's link. It is in the fragment, which no browser sends, and leaves the address at once. */
export function useResetToken() {
  const token = ref<string>()
  onMounted(() => {
    token.value = /^#token=([\w-]{1,100})$/.exec(location.hash)?.[1] ?? ''
    history.replaceState(history.state, '', location.pathname)
  })
  return readonly(token)
}
