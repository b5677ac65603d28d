import { addSeconds, type Clock } from '#server/lib/clock'
import { createCaller } from '../http/caller'
import { issuerAsked } from './failure'
import { IssuedToken } from './wire'

const purpose = 'give one to our client'
const answerLimitBytes = 1024 * 1024
/** A token is not used in its last seconds, which an answer may take. */
const marginSeconds = 30
/** Of a token that does not say when it ends. */
const assumedSeconds = 60

/** How we prove who we are. */
export type OcisAuth =
  /** OAuth 2.0 client credentials, at the issuer that the server trusts. `scope` is `openid profile email` by default. */
  | { clientId: string; clientSecret: string; tokenUrl: string; scope?: string }
  /** `user:token` of the service auth-app, or `user:password` for development. */
  | { appToken: string }

/** The header that proves who we are. */
export interface Authorization {
  /**
   * Its value; asks for a token where there is none that lasts.
   *
   * @throws IntegrationError where the issuer fails; the signal's own reason where the signal ended it
   */
  header(signal: AbortSignal): Promise<string>
  /** Forgets what was refused with 401. @returns whether asking again can bring another */
  forget(header: string): boolean
  /** What no message may repeat. */
  secrets(): readonly string[]
}

interface Tools {
  timeoutMs: number
  clock: Clock
  fetch: typeof globalThis.fetch
}

/** @throws TypeError for what can't be used; its message repeats none of it */
export function createAuthorization(auth: OcisAuth, tools: Tools): Authorization {
  return 'appToken' in auth ? byAppToken(auth.appToken) : byClientCredentials(auth, tools)
}

function byAppToken(appToken: string): Authorization {
  const [user, token] = [appToken.split(':', 1)[0] ?? '', appToken.slice(appToken.indexOf(':') + 1)]
  if (!/^[^:\p{C}]+:[^\p{C}]+$/u.test(appToken)) {
    throw new TypeError('the app token of OCIS is not of the form user:token')
  }
  const encoded = Buffer.from(`${user}:${token}`, 'utf8').toString('base64')
  return {
    header: async () => `Basic ${encoded}`,
    forget: () => false,
    secrets: () => [appToken, token, encoded],
  }
}

interface Token {
  header: string
  value: string
  until: Date
}

/** One token for all calls, asked for by one of them at a time. */
function byClientCredentials(auth: Extract<OcisAuth, { clientId: string }>, tools: Tools): Authorization {
  const { clock, fetch } = tools
  const { clientId, clientSecret, scope = 'openid profile email' } = auth
  const url = plainUrl(auth.tokenUrl)
  if (!clientId || !clientSecret) throw new TypeError('the client of OCIS has no id or no secret')
  let token: Token | undefined
  let asking: Promise<Token> | undefined
  const secrets = () => [clientSecret, ...(token ? [token.value] : [])]
  const ask = createCaller(issuerAsked(secrets), tools)

  async function request(): Promise<Token> {
    const form = { grant_type: 'client_credentials', client_id: clientId, client_secret: clientSecret, scope }
    const askedAt = clock.now()
    const { access_token: value, expires_in: seconds = assumedSeconds } = await ask(
      {
        purpose,
        answer: IssuedToken,
        limitBytes: answerLimitBytes,
        send: (init) =>
          fetch(url, {
            ...init,
            method: 'POST',
            headers: { accept: 'application/json' },
            body: new URLSearchParams(form),
          }),
      },
      new AbortController().signal,
    )
    const lasts = Math.max(seconds - marginSeconds, seconds / 2)
    return { header: `Bearer ${value}`, value, until: addSeconds(askedAt, lasts) }
  }

  /** A caller that goes away does not take the token from the others that wait for it. */
  function requestOnce(): Promise<Token> {
    asking ??= request()
      .then((made) => (token = made))
      .finally(() => (asking = undefined))
    return asking
  }

  return {
    async header(signal) {
      signal.throwIfAborted()
      if (token && clock.now() < token.until) return token.header
      return (await unlessAborted(requestOnce(), signal)).header
    },
    forget(header) {
      if (token?.header === header) token = undefined
      return true
    },
    secrets,
  }
}

function unlessAborted<T>(promise: Promise<T>, signal: AbortSignal): Promise<T> {
  return new Promise((resolve, reject) => {
    const abort = () => reject(signal.reason)
    signal.addEventListener('abort', abort, { once: true })
    promise.then(resolve, reject).finally(() => signal.removeEventListener('abort', abort))
  })
}

function plainUrl(address: string): string {
  const url = URL.canParse(address) ? new URL(address) : undefined
  if (!url || !/^https?:$/.test(url.protocol) || url.username || url.password || url.hash) {
    throw new TypeError("the address of the issuer of OCIS's tokens is not an http(s) address")
  }
  return url.href
}
