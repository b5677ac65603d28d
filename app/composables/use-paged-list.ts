export interface Page<Item> {
  items: Item[]
  nextCursor: string | null
}

/**
 * A list that grows page by page, and starts anew when what is searched for changes.
 *
 * @param key unique for the list
 * @param load fetches the page behind a cursor, the first without one
 * @param search text that `load` looks at
 */
export function usePagedList<Item>(
  key: string,
  load: (cursor: string | undefined) => Promise<Page<Item>>,
  search?: Ref<string>,
) {
  const first = usePageData(key, () => load(undefined))
  const later = shallowRef<Page<Item>[]>([])
  const more = useSubmission()

  watch(first.data, () => (later.value = []))
  if (search) watch(search, () => first.refresh())

  const last = computed(() => later.value.at(-1) ?? first.data.value)
  return {
    ready: first.ready,
    items: computed(() => [first.data.value, ...later.value].flatMap((page) => page?.items ?? [])),
    state: first.state,
    refreshing: first.refreshing,
    failure: first.failure,
    refresh: first.refresh,
    hasMore: computed(() => Boolean(last.value?.nextCursor)),
    loadingMore: more.pending,
    moreFailure: more.failure,
    async loadMore(): Promise<void> {
      const behind = last.value
      if (!behind?.nextCursor) return
      await more.submit(behind.nextCursor, async () => {
        const page = await load(behind.nextCursor ?? undefined)
        // The list may have started anew meanwhile.
        if (last.value === behind) later.value = [...later.value, page]
      })
    },
  }
}

/** The search text of a list, kept in the page's address, so that it can be shared and comes back. */
export function useSearchText() {
  const route = useRoute()
  const router = useRouter()
  const { path } = route
  return computed<string>({
    get: () => (route.path === path && typeof route.query.search === 'string' ? route.query.search : ''),
    set: (text) => {
      void router.replace({ query: { ...route.query, search: text || undefined } })
    },
  })
}
