import { SignedIn } from '#shared/contracts/auth'
import type { Setup } from '#shared/contracts/auth'
import { Me } from '#shared/contracts/portal'
import { z } from 'zod'

const channelName = 'tenantry-session'
/** This very page signs out, and knows where it goes. In a browser alone. */
let leaving = false
/** Nothing, or where to end the session at the identity provider too. */
const SignedOut = z.object({ redirect: z.string() }).optional()

/** Who is signed in, and what their home needs. */
export function useSession() {
  const api = useApi()
  const me = useState<Me | null>('me', () => null)
  /** Why nobody is signed in: the code of the last answer 401. */
  const refusal = useState('refusal', () => 'auth.required')
  /** Signed in, and allowed nothing but to set up the second factor that is asked of them. */
  const restricted = useState('restricted', () => false)

  /** Asks the server anew; null where nobody is signed in. */
  async function load(): Promise<Me | null> {
    try {
      me.value = await api.request(Me, '/api/me', { anonymous: true })
      restricted.value = false
    } catch (error) {
      const { status, code } = failureFrom(error)
      restricted.value = code === 'auth.second_factor_required'
      if (status !== 401 && !restricted.value) throw error
      me.value = null
      refusal.value = code
    }
    return me.value
  }

  return {
    me,
    refusal: readonly(refusal),
    restricted: readonly(restricted),
    load,
    /** Asks anew, for what is shown: it stays where the server can't be asked. Never rejects. */
    refresh: () => load().catch(() => me.value),
    isOperator: computed(() => me.value?.user.platformRole === 'operator'),
    /** The language that dates are written in; undefined is the browser's own. */
    locale: computed(() => me.value?.user.locale ?? undefined),

    /** Makes the first operator, who is signed in then. */
    async setUp(setup: Setup): Promise<void> {
      await api.request(SignedIn, '/api/setup', { method: 'POST', body: setup, anonymous: true })
      await load()
    },
    /**
     * Ends the session here and in the other tabs. Nothing of it stays in memory: the page is loaded anew.
     *
     * @param leadTo path of the page that is shown then, where the provider has none to show
     */
    async signOut(leadTo = '/login'): Promise<void> {
      const answer = await api.request(SignedOut, '/api/auth/logout', { method: 'POST' })
      leaving = true
      new BroadcastChannel(channelName).postMessage('signed out')
      window.location.replace(answer?.redirect ?? leadTo)
    },
    /** Leaves when another tab signed out, or when the browser brings a page back from before. */
    watchElsewhere(): void {
      let channel: BroadcastChannel | undefined
      const restored = (event: PageTransitionEvent) => event.persisted && window.location.reload()
      onMounted(() => {
        channel = new BroadcastChannel(channelName)
        channel.onmessage = () => {
          if (!leaving) window.location.replace('/login')
        }
        window.addEventListener('pageshow', restored)
      })
      onBeforeUnmount(() => {
        channel?.close()
        window.removeEventListener('pageshow', restored)
      })
    },
  }
}
