import type { CreateTenant } from '#shared/contracts/tenants'
import { Tenant } from '#shared/contracts/tenants'

/** The dialog that makes a tenant; one for the whole portal, opened from anywhere. */
export function useNewTenant() {
  const api = useApi()
  const session = useSession()
  const notices = useNotices()
  const router = useRouter()
  const open = useState('new-tenant-open', () => false)
  const submission = useSubmission()

  return {
    open,
    pending: submission.pending,
    failure: submission.failure,
    start(): void {
      submission.failure.value = undefined
      open.value = true
    },
    /** Makes it, closes the dialog and goes to its page, where the steps can be watched. */
    async create(tenant: CreateTenant): Promise<void> {
      const made = await submission.submit(tenant, (idempotencyKey) =>
        api.request(Tenant, '/api/tenants', { method: 'POST', body: tenant, idempotencyKey }),
      )
      if (!made) return
      open.value = false
      notices.done(`${tenant.name} was created`, 'Its services are being set up now.')
      await router.push(`/tenants/${tenant.slug}`)
      await session.refresh()
    },
  }
}
