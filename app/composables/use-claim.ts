import type { AcceptClaim } from '#shared/contracts/machines'
import { ClaimOffer, Machine } from '#shared/contracts/machines'

/** A machine that asks to be claimed, by the token of its claim's address. */
export function useClaim(token: string) {
  const api = useApi()
  const path = `/api/claims/${encodeURIComponent(token)}`
  const answer = useAsyncData(
    'claim',
    async () => {
      try {
        return { offer: await api.request(ClaimOffer, path) }
      } catch (error) {
        return { failure: failureFrom(error) }
      }
    },
    { deep: false },
  )
  const outcome = shallowRef<{ machine?: Machine }>()
  /** Found out later: used elsewhere, or its time has passed. */
  const isGone = ref(false)

  async function decide(work: () => Promise<{ machine?: Machine }>): Promise<void> {
    try {
      outcome.value = await work()
    } catch (error) {
      if (failureFrom(error).code === 'claim.not_found') isGone.value = true
      throw error
    }
  }

  return {
    ready: answer,
    offer: computed(() => answer.data.value?.offer),
    failure: computed(() => answer.data.value?.failure),
    isOver: computed(() => isGone.value || answer.data.value?.failure?.status === 404),
    /** How it ended here; with the machine where it was accepted. */
    outcome,
    load: () => answer.refresh(),
    /** What it offers is to be had no more. */
    end: () => void (isGone.value = true),
    accept: (input: AcceptClaim) =>
      decide(async () => ({
        machine: await api.request(Machine, `${path}/accept`, { method: 'POST', body: input }),
      })),
    reject: () =>
      decide(async () => {
        await api.command(`${path}/reject`, { method: 'POST' })
        return {}
      }),
  }
}
