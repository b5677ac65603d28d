import type { ProvisioningStep } from '#shared/contracts/provisioning'

const pauseMs = 500

/** Calls back when steps have changed and then been quiet for a moment: a run may have ended with them. */
export function useAfterSteps(steps: Ref<readonly ProvisioningStep[]>, then: () => Promise<unknown>): void {
  let timer: ReturnType<typeof setTimeout> | undefined
  watch(steps, () => {
    clearTimeout(timer)
    timer = setTimeout(() => void then(), pauseMs)
  })
  onBeforeUnmount(() => clearTimeout(timer))
}
