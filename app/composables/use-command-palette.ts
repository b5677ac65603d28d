import type { CommandPaletteGroup, CommandPaletteItem } from '@nuxt/ui'
import type { Tenant } from '#shared/contracts/tenants'

const pauseMs = 200

/** What the command palette offers: pages, actions, and the tenants whose name begins with what is typed. @param signOut never rejects */
export function useCommandPalette(signOut: () => Promise<unknown>) {
  const session = useSession()
  const links = usePortalLinks()
  const newTenant = useNewTenant()
  const find = useTenantSearch()
  const open = ref(false)
  const search = ref('')
  const loading = ref(false)
  const found = shallowRef<Tenant[]>()

  let timer: ReturnType<typeof setTimeout> | undefined
  onBeforeUnmount(() => clearTimeout(timer))
  watch(search, (text) => {
    clearTimeout(timer)
    found.value = undefined
    loading.value = Boolean(text.trim())
    if (loading.value) timer = setTimeout(() => void look(text), pauseMs)
  })

  async function look(text: string): Promise<void> {
    const tenants = await find(text.trim()).catch(() => [])
    if (search.value !== text) return
    found.value = tenants
    loading.value = false
  }

  const tenantItem = ({ slug, name }: Tenant): CommandPaletteItem => ({
    label: name,
    suffix: slug,
    icon: 'i-lucide-building',
    to: `/tenants/${slug}`,
  })
  const groups = computed<CommandPaletteGroup<CommandPaletteItem>[]>(() => [
    {
      id: 'tenants',
      label: 'Tenants',
      // What was found is what was asked for: the palette need not judge again.
      ignoreFilter: Boolean(found.value),
      items: (found.value ?? session.me.value?.tenants.slice(0, 8) ?? []).map(tenantItem),
    },
    {
      id: 'pages',
      label: 'Go to',
      items: [...links.value, { label: 'Account', icon: 'i-lucide-user-cog', to: '/account' }],
    },
    {
      id: 'actions',
      label: 'Do',
      items: [
        ...(session.isOperator.value
          ? [{ label: 'New tenant', icon: 'i-lucide-plus', onSelect: newTenant.start }]
          : []),
        { label: 'Sign out', icon: 'i-lucide-log-out', onSelect: () => void signOut() },
      ],
    },
  ])

  return { open, search, loading, groups }
}
