/**
 * A change made by one click: asks first where it should, tells what happened, and tells why not.
 * `busy` holds the name of what is on its way.
 */
export function useAction() {
  const notices = useNotices()
  const confirm = useConfirm()
  const busy = ref<string>()

  return {
    busy: readonly(busy),
    /** @returns whether it was done */
    async act(action: {
      /** Tells it from other actions of the page. */
      name: string
      ask?: Question
      work: () => Promise<unknown>
      done?: string
    }): Promise<boolean> {
      if (busy.value || (action.ask && !(await confirm(action.ask)))) return false
      busy.value = action.name
      try {
        await action.work()
        if (action.done) notices.done(action.done)
        return true
      } catch (error) {
        notices.failed(failureFrom(error))
        return false
      } finally {
        busy.value = undefined
      }
    },
  }
}
