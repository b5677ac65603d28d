import type { MailLanguage } from '#shared/contracts/languages'
import type { PlatformRole } from '#shared/contracts/users'
import type { Plan } from '#shared/contracts/subscriptions'
import type { LifecycleMove } from './lifecycle-questions'
import type { TenantRole } from '#shared/contracts/tenants'
import { Subscription } from '#shared/contracts/subscriptions'
import { Tenant } from '#shared/contracts/tenants'

/** What to draw for whom; the server decides every call anew. */
export function tenantRights(role: TenantRole | null | undefined, platformRole: PlatformRole | undefined) {
  const operates = platformRole === 'operator'
  return {
    /** Plan, deletion and restoring. */
    operates,
    /** Members, settings, provisioning, audit. */
    manages: operates || role === 'owner' || role === 'admin',
    /** Naming and removing owners. */
    owns: operates || role === 'owner',
    /** Letting machines in, and every vault: by membership alone, whoever runs the platform. */
    grants: role === 'owner' || role === 'admin',
    belongs: Boolean(role),
  }
}
export type TenantRights = ReturnType<typeof tenantRights>

/** One tenant with its subscription, and what can be done to it. */
export function useTenant(slug: string) {
  const api = useApi()
  const session = useSession()
  const path = `/api/tenants/${slug}`
  const page = usePageData(`tenant:${slug}`, async () => {
    const [tenant, subscription] = await Promise.all([
      api.tagged(Tenant, path),
      api.request(Subscription, `${path}/subscription`),
    ])
    return { tenant: tenant.value, etag: tenant.etag, subscription }
  })

  return {
    ...page,
    tenant: computed(() => page.data.value?.tenant),
    subscription: computed(() => page.data.value?.subscription),
    rights: computed(() => tenantRights(page.data.value?.tenant.role, session.me.value?.user.platformRole)),

    /** Refused with 412 where somebody else changed the tenant since it was shown; the newest is loaded then. */
    async rename(name: string): Promise<void> {
      const ifMatch = page.data.value?.etag
      try {
        await api.request(Tenant, path, { method: 'PATCH', body: { name }, ifMatch })
      } finally {
        await Promise.all([page.refresh(), session.refresh()])
      }
    },
    /** In which language its mails are; refused with 412 as `rename` is. */
    async setLanguage(locale: MailLanguage): Promise<void> {
      const ifMatch = page.data.value?.etag
      try {
        await api.request(Tenant, path, { method: 'PATCH', body: { locale }, ifMatch })
      } finally {
        await page.refresh()
      }
    },
    /** Whether an operator has to approve what is deleted at services; refused with 412 as `rename` is. */
    async setApproveDeletions(approveDeletions: boolean): Promise<void> {
      const ifMatch = page.data.value?.etag
      try {
        await api.request(Tenant, path, { method: 'PATCH', body: { approveDeletions }, ifMatch })
      } finally {
        await page.refresh()
      }
    },
    async changePlan(plan: Plan): Promise<void> {
      await api.request(Subscription, `${path}/subscription`, { method: 'PATCH', body: { plan } })
      await Promise.all([page.refresh(), session.refresh()])
    },
    /** What is deleted can be restored until its grace period ends. */
    async move(name: LifecycleMove): Promise<void> {
      if (name === 'delete') await api.command(path, { method: 'DELETE' })
      else await api.command(`${path}/${name}`, { method: 'POST' })
      await Promise.all([page.refresh(), session.refresh()])
    },
  }
}
