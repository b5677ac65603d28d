import { PortalInfo } from '#shared/contracts/portal'

/** What is known of the portal before anyone signed in: its name, how people sign in, whether it is set up. */
export function usePortal() {
  const api = useApi()
  const portal = useState<PortalInfo | null>('portal', () => null)

  return {
    portal,
    /** The name to show; also while the portal itself could not be asked. */
    name: computed(() => portal.value?.name ?? 'Tenantry'),
    /** Whether there are local accounts with passwords at all. */
    withPasswords: computed(() => portal.value?.authMode === 'standalone'),
    /** Whether people sign in by password or passkey; an operator may have switched that off. */
    withLocalSignIn: computed(() => portal.value?.signIn.local ?? false),
    /** Whether people sign in at an OpenID provider. */
    withProvider: computed(() => Boolean(portal.value?.signIn.provider)),
    /** What it is called. */
    providerName: computed(() => portal.value?.signIn.provider ?? ''),
    async load(): Promise<PortalInfo> {
      portal.value = await api.request(PortalInfo, '/api/portal')
      return portal.value
    },
  }
}
