/**
 * When a page is left by something that goes with it, the focus would be lost: it then moves to the start of the
 * new page's content. It stays on what remains, such as a tab or the menu.
 */
export function useFocusAfterNavigation(): void {
  const nuxt = useNuxtApp()
  if (import.meta.server) return
  nuxt.hook('page:finish', () => {
    if (nuxt.isHydrating) return
    const { activeElement } = document
    if (activeElement && activeElement !== document.body) return
    document.getElementById('main')?.focus({ preventScroll: true })
  })
}
