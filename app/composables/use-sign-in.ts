import type { FactorKind, FactorProof } from '#shared/contracts/second-factor'
import type { Login } from '#shared/contracts/auth'
import { SignedIn } from '#shared/contracts/auth'
import { PasskeyOptions } from '#shared/contracts/passkeys'
import { LoginAnswer } from '#shared/contracts/second-factor'

/** The browser's own offer is asked for anew before its question is too old. */
const offerSeconds = 240

/** The steps of signing in with a local account: the password, then a second factor where there is one; or a passkey. */
export function useSignIn() {
  const api = useApi()
  const session = useSession()
  /** What can be the second step; undefined: it is not there yet. */
  const wanted = ref<FactorKind[]>()
  const post = (path: string, body?: unknown) => ({
    path,
    options: { method: 'POST', body, anonymous: true } as const,
  })

  async function options(path: string) {
    const question = post(path)
    return api.request(PasskeyOptions, question.path, question.options)
  }
  async function finish(path: string, body: unknown): Promise<void> {
    const last = post(path, body)
    await api.request(SignedIn, last.path, last.options)
    await session.load()
  }

  return {
    wanted: readonly(wanted),

    /** @returns whether the person is signed in; if not, a second factor is wanted */
    async withPassword(login: Login): Promise<boolean> {
      const answer = await api.request(LoginAnswer, '/api/auth/login', post('', login).options)
      if ('secondFactor' in answer) {
        wanted.value = answer.secondFactor
        return false
      }
      await session.load()
      return true
    },

    async withCode(proof: FactorProof): Promise<void> {
      await finish('/api/auth/second-factor', proof)
    },

    /** By a passkey: as the second factor where one is wanted, else alone. */
    async withPasskey(): Promise<void> {
      const path = wanted.value ? '/api/auth/second-factor' : '/api/auth/passkey'
      const asked = await options(wanted.value ? `${path}/passkey-options` : `${path}/options`)
      await finish(path, { passkey: await askPasskey(asked) })
    },

    /** Back to the password. */
    restart(): void {
      wanted.value = undefined
    },

    /**
     * Lets the browser offer passkeys in the form, until the page is left. A browser that can't, or a person who
     * chooses none, notices nothing.
     *
     * @param chosen is told to go on when somebody chose one, with the work to be done
     */
    offerPasskeys(chosen: (work: () => Promise<void>) => void): void {
      let timer: ReturnType<typeof setTimeout> | undefined
      let left = false
      async function offer(): Promise<void> {
        if (left || wanted.value || !(await offersPasskeysInFields())) return
        timer = setTimeout(() => void offer().catch(() => {}), offerSeconds * 1000)
        const passkey = await askPasskey(await options('/api/auth/passkey/options'), true)
        if (!left) chosen(() => finish('/api/auth/passkey', { passkey }))
      }
      onMounted(() => void offer().catch(() => {}))
      onBeforeUnmount(() => {
        left = true
        clearTimeout(timer)
      })
    },
  }
}
