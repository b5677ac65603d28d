import type { Ask } from './use-page-data'

export interface Page<Item> {
  items: Item[]
  nextCursor: string | null
}
export type PagedList = ReturnType<typeof usePagedList<unknown>>

/**
 * A list that grows page by page, and starts anew when what is searched for changes.
 *
 * @param key unique for the list
 * @param load fetches the page behind a cursor, the first without one
 * @param search text or choice that `load` looks at
 */
export function usePagedList<Item>(
  key: string,
  load: (cursor: string | undefined, ask: Ask) => Promise<Page<Item>>,
  search?: Ref<string | undefined>,
) {
  const first = usePageData(key, (ask) => load(undefined, ask))
  const later = shallowRef<Page<Item>[]>([])
  const more = useSubmission()

  watch(first.data, () => (later.value = []))
  if (search) watch(search, () => first.refresh())

  const last = computed(() => later.value.at(-1) ?? first.data.value)
  const items = computed(() => [first.data.value, ...later.value].flatMap((page) => page?.items ?? []))
  const hasMore = computed(() => Boolean(last.value?.nextCursor))
  return {
    ready: first.ready,
    items,
    /** What BasePaged shows it by. */
    shown: computed(() => ({
      state: first.state.value,
      failure: first.failure.value,
      isEmpty: items.value.length === 0,
      hasMore: hasMore.value,
      loadingMore: more.pending.value,
      moreFailure: more.failure.value,
    })),
    state: first.state,
    refreshing: first.refreshing,
    failure: first.failure,
    refresh: first.refresh,
    hasMore,
    /** Whether somebody went on behind the first page, which `refresh` comes back to. */
    isLonger: computed(() => later.value.length > 0),
    loadingMore: more.pending,
    moreFailure: more.failure,
    async loadMore(): Promise<void> {
      const behind = last.value
      if (!behind?.nextCursor) return
      await more.submit(behind.nextCursor, async () => {
        const page = await load(behind.nextCursor ?? undefined, {})
        // The list may have started anew meanwhile.
        if (last.value === behind) later.value = [...later.value, page]
      })
    },
  }
}

/** The search text of a list, kept in the page's address, so that it can be shared and comes back. */
export function useSearchText() {
  const { text, set } = useQueryParameter('search')
  return computed<string>({ get: () => text.value, set })
}

/** One of a few that a list is narrowed to, kept in the page's address; undefined: all. */
export function useQueryChoice<Value extends string>(name: string, values: readonly Value[]) {
  const { text, set } = useQueryParameter(name)
  return computed<Value | undefined>({ get: () => values.find((value) => value === text.value), set })
}

function useQueryParameter(name: string) {
  const route = useRoute()
  const router = useRouter()
  const { path } = route
  return {
    text: computed(() => {
      const value = route.query[name]
      return route.path === path && typeof value === 'string' ? value : ''
    }),
    set: (value: string | undefined) =>
      void router.replace({ query: { ...route.query, [name]: value || undefined } }),
  }
}
