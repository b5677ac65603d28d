/** The places of the portal that somebody's menu shows. */
export function usePortalLinks() {
  const { isOperator } = useSession()
  return computed(() => [
    { label: 'Home', icon: 'i-lucide-house', to: '/' },
    ...(isOperator.value
      ? [
          { label: 'Board', icon: 'i-lucide-gauge', to: '/operator/board' },
          { label: 'Tenants', icon: 'i-lucide-building-2', to: '/operator/tenants' },
          { label: 'Users', icon: 'i-lucide-users', to: '/operator/users' },
          { label: 'Audit', icon: 'i-lucide-scroll-text', to: '/operator/audit' },
          { label: 'Settings', icon: 'i-lucide-settings', to: '/operator/settings' },
        ]
      : []),
  ])
}
