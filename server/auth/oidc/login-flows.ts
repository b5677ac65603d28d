import { newToken, sha256 } from '#server/lib/ids'
import type { Cache } from '#server/storage/cache'
import type { Sealer } from '#server/vault/seal'

/** A login that is under way: what has to be known of it when the person comes back from the provider. */
export interface LoginFlow {
  /** What the ID token has to name. */
  nonce: string
  /** A path of this portal. */
  returnTo: string
  /** Seconds since 1970. */
  begunAt: number
  /** The person had to prove anew who they are. */
  fresh: boolean
  /** Who is signed in, and has to prove anew that it is them; absent: whoever comes back is let in. */
  proves?: string
  /** The session that an identity is to be linked to; absent: a login. */
  link?: { userId: string; sessionId: string }
  /** The Cookie header by which nuxt-oidc-auth finds its own part. */
  moduleCookies: string
}

/**
 * Logins under way, in the cache that all replicas share: each is bound to the browser that began it, and is taken
 * out once. The browser itself holds a name alone.
 */
export interface LoginFlows {
  /** @param browser what the browser's short cookie holds @param state what the provider was sent */
  begin(browser: string, state: string, flow: LoginFlow): Promise<void>
  /** @returns null where there is none, it was taken before, took too long, or is another browser's */
  take(browser: string, state: string): Promise<LoginFlow | null>
  /** Keeps a login whose code was exchanged for the step that follows. @returns the name to take it by */
  handOver(browser: string, flow: LoginFlow): Promise<string>
  takeOver(browser: string, handover: string): Promise<LoginFlow | null>
}

/** How long a person may take at the provider. */
export const loginSeconds = 600
const handoverSeconds = 60

export function createLoginFlows(cache: Cache, sealer: Sealer): LoginFlows {
  const keyOf = (step: 'login' | 'handover', browser: string, name: string) =>
    `oidc:${step}:${sha256(`${browser}.${name}`)}`

  async function put(key: string, flow: LoginFlow, seconds: number): Promise<void> {
    await cache.set(key, await sealer.seal(JSON.stringify(flow), key), seconds)
  }
  async function takeOut(key: string): Promise<LoginFlow | null> {
    const sealed = await cache.take(key)
    return sealed === null ? null : (JSON.parse(await sealer.open(sealed, key)) as LoginFlow)
  }

  return {
    begin: (browser, state, flow) => put(keyOf('login', browser, state), flow, loginSeconds),
    take: (browser, state) => takeOut(keyOf('login', browser, state)),
    async handOver(browser, flow) {
      const handover = newToken()
      await put(keyOf('handover', browser, handover), flow, handoverSeconds)
      return handover
    },
    takeOver: (browser, handover) => takeOut(keyOf('handover', browser, handover)),
  }
}
