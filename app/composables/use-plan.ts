import { RunStarted, TenantPlan } from '#shared/contracts/provisioning'

/**
 * What would be changed for a tenant now, service by service. It asks every service, so it is fetched in the browser
 * behind a skeleton.
 */
export function usePlan(slug: string) {
  const api = useApi()
  const path = `/api/tenants/${slug}`
  const page = usePageData(`plan:${slug}`, () => api.request(TenantPlan, `${path}/plan`), { server: false })
  const services = computed(() => page.data.value?.services ?? [])
  const changes = computed(() => services.value.flatMap((service) => service.changes))
  const stale = ref(false)

  return {
    ...page,
    services,
    /** How much it would do, by action. */
    counts: computed(() => {
      const of = (...actions: string[]) =>
        changes.value.filter(({ action }) => actions.includes(action)).length
      return {
        due: of('create', 'update', 'delete', 'adopt'),
        deletions: of('delete'),
        refused: of('refuse'),
      }
    }),
    /** Whether every service could be looked at; otherwise it can't be carried out as it stands. */
    isWhole: computed(() => services.value.every(({ error }) => error === undefined)),
    /** What was shown was overtaken before it was carried out; a new plan is shown. */
    stale: readonly(stale),
    /** Looks at every service anew. */
    async look(): Promise<void> {
      stale.value = false
      await page.refresh()
    },
    /** Has just this plan done. @returns false where it was overtaken; the new plan is loaded then */
    async carryOut(): Promise<boolean> {
      const planHash = page.data.value?.hash
      try {
        await api.request(RunStarted, `${path}/reconcile`, { method: 'POST', body: { planHash } })
        return true
      } catch (error) {
        if (failureFrom(error).code !== 'plan.stale') throw error
        await page.refresh()
        stale.value = true
        return false
      }
    },
  }
}
