const key = 'tenantry-invitation'

/**
 * The token of the invitation that this tab was opened with. It comes behind the address's #, which stays in the
 * browser; it is kept for this tab alone, so that it outlives a sign-in, and is taken out of address and history.
 */
export function useInvitationToken() {
  const route = useRoute()
  const router = useRouter()
  /** Where the browser keeps nothing for a page, it is kept until the page is left. */
  const token = useState<string>('invitation-token', () => '')

  function keep(value: string): void {
    token.value = value
    try {
      if (value) sessionStorage.setItem(key, value)
      else sessionStorage.removeItem(key)
    } catch {
      // Storage is switched off.
    }
  }

  return {
    /** To be called in the browser. @returns the token; empty where this tab was not opened with one */
    async take(): Promise<string> {
      const brought = /^#([\w-]{43})$/.exec(route.hash)?.[1]
      if (brought) {
        keep(brought)
        await router.replace({ path: route.path, hash: '' })
      }
      try {
        return token.value || (sessionStorage.getItem(key) ?? '')
      } catch {
        return token.value
      }
    },
    forget: () => keep(''),
  }
}
