import { addSeconds, type Clock } from '#server/lib/clock'
import type { Places } from '#server/lib/places'
import { createCaller } from '../http/caller'
import { createShared } from '../http/shared'
import { issuerAsked } from './failure'
import { IssuedToken } from './wire'

const purpose = 'give one to our client'
const answerLimitBytes = 1024 * 1024
/** A token is not used in its last seconds, which an answer may take. */
const marginSeconds = 30
/** Of a token that does not say when it ends. */
const assumedSeconds = 60
/** However long a token says that it lasts. */
const longestSeconds = 86_400
/** So long a token is kept that took the place of a refused one, though it is refused too: then it is not the token. */
const patienceSeconds = 60

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
  /** Tells that it was refused with 401. @returns whether asking again can bring another that may be taken */
  forget(header: string): boolean
  /** What no message may repeat. */
  secrets(): readonly string[]
}

interface Tools {
  timeoutMs: number
  clock: Clock
  fetch: typeof globalThis.fetch
  places?: Places | undefined
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
  askedAt: Date
  until: Date
  /** Whether it took the place of one that was refused. */
  isReplacement: boolean
}

/** One token for all calls, asked for by one of them at a time. */
function byClientCredentials(auth: Extract<OcisAuth, { clientId: string }>, tools: Tools): Authorization {
  const { clock, fetch } = tools
  const { clientId, clientSecret, scope = 'openid profile email' } = auth
  const url = plainUrl(auth.tokenUrl)
  if (!clientId || !clientSecret) throw new TypeError('the client of OCIS has no id or no secret')
  let token: Token | undefined
  /** The one that was refused last: calls that carry it may still be under way. */
  let refused: Token | undefined
  let isReplacing = false
  const secrets = () => [clientSecret, ...[token, refused].flatMap((it) => it?.value ?? [])]
  const ask = createCaller(issuerAsked(secrets), tools)

  const request = createShared(async (signal): Promise<Token> => {
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
      signal,
    )
    const lasts = Math.min(Math.max(seconds - marginSeconds, seconds / 2), longestSeconds)
    const isReplacement = isReplacing
    isReplacing = false
    token = { header: `Bearer ${value}`, value, askedAt, until: addSeconds(askedAt, lasts), isReplacement }
    return token
  })

  return {
    async header(signal) {
      signal.throwIfAborted()
      return (token && clock.now() < token.until ? token : await request(signal)).header
    },
    forget(header) {
      if (token?.header !== header) return true
      if (token.isReplacement && clock.now() < addSeconds(token.askedAt, patienceSeconds)) return false
      refused = token
      token = undefined
      isReplacing = true
      return true
    },
    secrets,
  }
}

function plainUrl(address: string): string {
  const url = URL.canParse(address) ? new URL(address) : undefined
  if (!url || !/^https?:$/.test(url.protocol) || url.username || url.password || url.hash) {
    throw new TypeError("the address of the issuer of OCIS's tokens is not an http(s) address")
  }
  return url.href
}
