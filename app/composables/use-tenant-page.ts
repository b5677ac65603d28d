/** What the pages of one tenant share: fetched once by their frame, and live. */
export interface TenantPage {
  tenant: ReturnType<typeof useTenant>
  provisioning: ReturnType<typeof useProvisioning>
  driftCount: ReturnType<typeof useDriftCount>
}

const key: InjectionKey<TenantPage> = Symbol('tenant page')

export function provideTenantPage(page: TenantPage): void {
  provide(key, page)
}

/** @throws Error outside of the frame in pages/tenants/[slug].vue */
export function useTenantPage(): TenantPage {
  const page = inject(key)
  if (!page) throw new Error('No tenant page around this component')
  return page
}
