/**
 * One form's or one button's way to the server: whether it is on its way, and why it failed.
 * A submission that is repeated unchanged after no answer came keeps its idempotency key.
 */
export function useSubmission() {
  const pending = ref(false)
  const failure = shallowRef<Failure>()
  let kept: { body: string; key: string } | undefined

  return {
    pending: readonly(pending),
    failure,
    /**
     * @param body what is sent; tells a repetition from another submission
     * @param work makes the call, with the key to send
     * @returns whether it succeeded; if not, `failure` says why. Nothing is done while another is on its way.
     */
    async submit(body: unknown, work: (idempotencyKey: string) => Promise<unknown>): Promise<boolean> {
      if (pending.value) return false
      const text = JSON.stringify(body)
      if (kept?.body !== text) kept = { body: text, key: randomKey() }
      pending.value = true
      failure.value = undefined
      try {
        await work(kept.key)
        kept = undefined
        return true
      } catch (error) {
        failure.value = failureFrom(error)
        if (failure.value.status !== 0) kept = undefined
        return false
      } finally {
        pending.value = false
      }
    },
  }
}

/** `crypto.randomUUID` is missing where the portal is opened over plain http on another host. */
function randomKey(): string {
  return Array.from(crypto.getRandomValues(new Uint8Array(16)), (byte) =>
    byte.toString(16).padStart(2, '0'),
  ).join('')
}
