import { Slug, SlugAvailability } from '#shared/contracts/slugs'

const checkDelayMs = 300
const shortest = 3

export type SlugCheck = { state: 'none' | 'checking' | 'free' } | { state: 'refused'; message: string }

const reasons = {
  invalid: 'This can’t be used.',
  reserved: 'This word is reserved.',
  taken: 'This is taken already.',
}

/** Whether a slug can be had, asked while it is typed, once the typing pauses. */
export function useSlugCheck() {
  const api = useApi()
  const check = ref<SlugCheck>({ state: 'none' })
  let timer: ReturnType<typeof setTimeout> | undefined
  let latest = ''
  onBeforeUnmount(() => clearTimeout(timer))

  async function ask(slug: string): Promise<void> {
    try {
      const { available, reason } = await api.request(SlugAvailability, `/api/slugs/${slug}`)
      if (latest !== slug) return
      check.value = available ? { state: 'free' } : { state: 'refused', message: reasons[reason ?? 'taken'] }
    } catch {
      // Creating it tells in any case.
      if (latest === slug) check.value = { state: 'none' }
    }
  }

  return {
    check: readonly(check),
    /** Call with every change; what has not the form of a slug is not asked. */
    typed(slug: string): void {
      latest = slug
      clearTimeout(timer)
      const { error } = Slug.safeParse(slug)
      check.value = { state: slug.length < shortest || error ? 'none' : 'checking' }
      // Whoever has only begun is not told that it is too short.
      if (slug.length < shortest) return
      timer = setTimeout(() => {
        if (error) check.value = { state: 'refused', message: error.issues[0]?.message ?? reasons.invalid }
        else void ask(slug)
      }, checkDelayMs)
    },
  }
}
