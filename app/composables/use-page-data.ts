import type { ApiOptions } from './use-api'

/** How something is asked for: by somebody, or by the page itself, for `useApi`. */
export type Ask = Pick<ApiOptions, 'background'>

/** `stale`: what is shown could not be brought up to date. */
export type PageState = 'loading' | 'shown' | 'stale' | 'failed'

/**
 * What a page shows: fetched on the server for the first page, so that a page that the caller may not see
 * answers with its status and never reaches the browser; in the browser fetched behind a skeleton.
 *
 * 403 and 404 show the error page. Every other failure stays in `failure`, next to `refresh` for a retry.
 *
 * @param key unique for what is loaded
 * @param options.server false: in the browser alone, for what takes so long that the page should not wait for it
 */
export function usePageData<Data>(
  key: string,
  load: (ask: Ask) => Promise<Data>,
  options: { server?: boolean } = {},
) {
  const nuxt = useNuxtApp()
  const loading = useAsyncData(key, () => load({}), { lazy: true, deep: false, ...options })
  const { error } = loading
  const data = loading.data as Ref<Data | undefined>
  const refreshing = ref(false)
  const refreshFailure = shallowRef<Failure>()
  let turn = 0
  // An answer for a page that somebody has left says nothing of where they are now.
  let isLeft = false
  onScopeDispose(() => (isLeft = true))

  const showIfGone = (failure: Failure, thrown: unknown) => {
    if (![403, 404].includes(failure.status)) return false
    nuxt.runWithContext(() => showError(thrown as Error))
    return true
  }
  watch(error, (thrown) => thrown && showIfGone(failureFrom(thrown), thrown))

  /** Brings it up to date; what is shown stays, also where that fails. The last call wins. Never rejects. */
  async function refresh(ask?: Ask): Promise<void> {
    if (data.value === undefined) return void (await loading.refresh())
    const mine = ++turn
    refreshing.value = true
    try {
      const fresh = await load({ background: ask?.background === true })
      if (mine !== turn) return
      data.value = fresh
      refreshFailure.value = undefined
    } catch (thrown) {
      if (mine !== turn || isLeft) return
      const failure = failureFrom(thrown)
      if (!showIfGone(failure, thrown)) refreshFailure.value = failure
    } finally {
      if (mine === turn) refreshing.value = false
    }
  }

  const ready = loading.then(() => {
    if (import.meta.server && error.value) throw error.value
  })
  // Whoever awaits it is told.
  ready.catch(() => {})

  const failure = computed(() => (error.value ? failureFrom(error.value) : refreshFailure.value))
  useConnection().onBack(() => void (failure.value && refresh({ background: true })))
  const state = computed<PageState>(() => {
    if (data.value === undefined) return failure.value ? 'failed' : 'loading'
    return failure.value ? 'stale' : 'shown'
  })

  return {
    /** To be awaited by the page: settles on the server when there is something to render, or fails with its page. */
    ready,
    data,
    state,
    failure,
    refreshing: readonly(refreshing),
    refresh,
  }
}
