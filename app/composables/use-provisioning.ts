import type { StepEvent } from '#shared/contracts/provisioning'
import {
  Provisioning,
  ProvisioningRunDetails,
  ProvisioningRunPage,
  RunStarted,
} from '#shared/contracts/provisioning'

/** How far a tenant's services are set up; kept up to date while the page is open. */
export function useProvisioning(slug: string) {
  const api = useApi()
  const path = `/api/tenants/${slug}/provisioning`
  const page = usePageData(`provisioning:${slug}`, () => api.request(Provisioning, path))
  const { data } = page

  function apply(event: StepEvent, sequence: number): void {
    const known = data.value
    // The first events after connecting may be older than what was fetched meanwhile.
    if (!known || sequence <= known.sequence) return
    const isIt = (step: StepEvent['step']) =>
      step.service === event.step.service && step.step === event.step.step
    const steps = known.steps.some(isIt)
      ? known.steps.map((step) => (isIt(step) ? event.step : step))
      : [...known.steps, event.step]
    data.value = { status: event.status, sequence, steps }
  }

  const stream = useStepStream(`${path}/events`, {
    from: () => data.value?.sequence ?? 0,
    onStep: apply,
    onGivenUp: () => void page.refresh(),
  })
  onMounted(() => watch(data, (known) => known && stream.start(), { immediate: true }))

  return {
    ...page,
    steps: computed(() => data.value?.steps ?? []),
    status: computed(() => data.value?.status),
    connection: stream.state,
    /** Has the onboarding mail sent again to all whom it may not have reached. */
    resendOnboarding: () =>
      api.request(RunStarted, `/api/tenants/${slug}/onboarding/resend`, { method: 'POST', body: {} }),
    /** Looks at every service again; what is right already is left alone. */
    reconcile: () => api.request(RunStarted, `/api/tenants/${slug}/reconcile`, { method: 'POST', body: {} }),
  }
}

/** When the reconciler worked on a tenant, and how it ended; newest first. */
export function useRuns(slug: string) {
  const api = useApi()
  return usePagedList(`runs:${slug}`, (cursor) =>
    api.request(ProvisioningRunPage, `/api/tenants/${slug}/runs`, { query: { cursor, limit: 10 } }),
  )
}

/** One of them, with what its steps read at the services. */
export function useRun(slug: string, runId: string) {
  const api = useApi()
  return usePageData(`run:${runId}`, () =>
    api.request(ProvisioningRunDetails, `/api/tenants/${slug}/runs/${encodeURIComponent(runId)}`),
  )
}
