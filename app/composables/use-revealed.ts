/** How long a value stays in the page. */
export const revealedSeconds = 30

/** A value that somebody asked for, for a short time. `shown`: to be read, and not only to be copied. */
export function useRevealed() {
  const value = ref<string>()
  const shown = ref(false)
  const until = ref('')
  let timer: ReturnType<typeof setTimeout> | undefined

  function clear(): void {
    clearTimeout(timer)
    value.value = undefined
  }
  onBeforeUnmount(clear)

  return {
    value: readonly(value),
    shown: readonly(shown),
    until: readonly(until),
    clear,
    hold(text: string, isShown: boolean): void {
      clear()
      value.value = text
      shown.value = isShown
      until.value = new Date(Date.now() + revealedSeconds * 1000).toISOString()
      timer = setTimeout(clear, revealedSeconds * 1000)
    },
  }
}
