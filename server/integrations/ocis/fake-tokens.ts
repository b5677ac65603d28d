import { createHash, randomBytes } from 'node:crypto'
import type { Clock } from '#server/lib/clock'
import { inWords, ok, type FakeAnswer } from './fake-answers.ts'
import type { Flavour } from './fake-schema.ts'

/** What proves who the service account is. */
export interface FakeCredentials {
  readonly clientId: string
  readonly clientSecret: string
  /** `user:token`. */
  readonly appToken: string
}

/** An app token as the fake keeps it, but for the token. */
export interface FakeAppToken {
  userId: string
  /** What the server keeps of the token. */
  hash: string
  label: string
  createdAt: Date
  expiresAt: Date
}

/** Whose app token is asked for. */
interface FakeAccount {
  id: string
  onPremisesSamAccountName: string
}

const secret = () => randomBytes(32).toString('base64url')
const hashOf = (token: string) => `$2a$11$${createHash('sha256').update(token).digest('base64url')}`
const refusal = (status: number, error: string, error_description: string): FakeAnswer => ({
  status,
  body: { error, error_description },
})
const durationUnits = { h: 3_600_000, m: 60_000, s: 1000 } as const

/** Go's time.ParseDuration, of hours, minutes and seconds. @returns milliseconds */
function parseDuration(text: string): number | undefined {
  if (!/^(?:\d+[hms])+$/.test(text)) return undefined
  const parts = text.matchAll(/(\d+)([hms])/g)
  return [...parts].reduce(
    (sum, [, count, unit]) => sum + Number(count) * durationUnits[unit as keyof typeof durationUnits],
    0,
  )
}

/** An issuer of client-credentials tokens, and the service auth-app with its app tokens. */
export function createFakeTokens(options: {
  clock: Clock
  lifetimeSeconds: number
  flavour: Flavour
  service: FakeAccount
  /** By id or username. */
  find: (nameOrId: string) => FakeAccount | undefined
  /** PROXY_ENABLE_APP_AUTH. */
  takesAppTokens: () => boolean
  /** AUTH_APP_ENABLE_IMPERSONATION. */
  impersonates: () => boolean
  /** Whether the service account may manage accounts. */
  isAdmin: () => boolean
}) {
  const { clock, lifetimeSeconds, flavour, service, find, takesAppTokens, impersonates, isAdmin } = options
  const own = secret()
  const credentials: FakeCredentials = {
    clientId: 'tenantry',
    clientSecret: secret(),
    appToken: `${service.onPremisesSamAccountName}:${own}`,
  }
  const ownToken = (): FakeAppToken => ({
    ...{ userId: service.id, hash: hashOf(own), label: 'Generated via CLI' },
    ...{ createdAt: new Date(0), expiresAt: new Date(8.64e15) },
  })
  let appTokens = [ownToken()]
  let bearers = new Map<string, number>()
  const now = () => clock.now().getTime()

  /** `POST /application/o/token/` (RFC 6749 section 4.4). */
  function issue(type: string | undefined, text: string): FakeAnswer {
    if (type?.split(';')[0]?.trim() !== 'application/x-www-form-urlencoded') {
      return refusal(400, 'invalid_request', 'A form is required.')
    }
    const form = new URLSearchParams(text)
    if (form.get('grant_type') !== 'client_credentials') {
      return refusal(400, 'unsupported_grant_type', 'The grant type is not supported.')
    }
    const isClient =
      form.get('client_id') === credentials.clientId && form.get('client_secret') === credentials.clientSecret
    if (!isClient) return refusal(400, 'invalid_client', 'Client authentication failed.')
    if (!form.get('scope')?.split(' ').includes('openid')) {
      return refusal(400, 'invalid_scope', 'The scope openid is missing.')
    }
    const access_token = secret()
    bearers.set(access_token, now() + lifetimeSeconds * 1000)
    return ok({ access_token, token_type: 'Bearer', expires_in: lifetimeSeconds, scope: form.get('scope') })
  }

  /** Whose token is made: the caller's, or that of somebody whom an administrator names. */
  function whose(search: URLSearchParams, callerId: string): { id: string } | FakeAnswer {
    const [userId, userName] = [search.get('userID') ?? '', search.get('userName') ?? '']
    if (!userId && !userName) return { id: callerId }
    if (!impersonates()) return inWords(403, 'impersonation is not allowed')
    if (callerId !== service.id || !isAdmin()) return { status: 403 }
    const found = find(userId || userName)
    if (!found) return flavour === 'ocis' ? inWords(404, 'user not found') : { status: 500 }
    const isOther = userId ? found.id !== userId : found.onPremisesSamAccountName !== userName
    return isOther ? inWords(400, 'requested user does not match authenticated user') : { id: found.id }
  }

  /** `POST /auth-app/tokens?expiry=72h`, by somebody who is signed in. It answers 200, and 201 is what it means. */
  function issueAppToken(search: URLSearchParams, callerId: string): FakeAnswer {
    const lasts = parseDuration(search.get('expiry') ?? '')
    if (lasts === undefined) return inWords(400, 'error parsing expiry. Use e.g. 30m or 72h')
    const holder = whose(search, callerId)
    if (!('id' in holder)) return holder
    const label =
      (flavour === 'ocis' && search.get('label')) ||
      (search.has('userID') || search.has('userName')
        ? 'Generated via Impersonation API'
        : 'Generated via API')
    const token = randomBytes(12).toString('base64url')
    const made = { createdAt: clock.now(), expiresAt: new Date(now() + lasts) }
    appTokens.push({ userId: holder.id, hash: hashOf(token), label, ...made })
    return ok(shown({ userId: holder.id, hash: token, label, ...made }))
  }

  const shown = ({ hash, label, createdAt, expiresAt }: FakeAppToken) => ({
    token: hash,
    expiration_date: expiresAt.toISOString(),
    created_date: createdAt.toISOString(),
    label,
  })

  /** `GET /auth-app/tokens`: one's own, by what is kept of them. */
  const listAppTokens = (callerId: string) =>
    ok(appTokens.filter(({ userId }) => userId === callerId).map(shown))

  /** `DELETE /auth-app/tokens?token=…`: one's own, by what is kept of it; by the token itself none is found. */
  function deleteAppToken(search: URLSearchParams, callerId: string): FakeAnswer {
    const wanted = search.get('token')
    if (!wanted) return inWords(400, "missing auth-app token. Set 'token' parameter")
    const left = appTokens.filter(({ userId, hash }) => userId !== callerId || hash !== wanted)
    if (left.length === appTokens.length) return { status: 500 }
    appTokens = left
    return { status: 200 }
  }

  /** The account of a token that lasts; undefined: nobody's. */
  function whoIs(authorization: string | undefined): string | undefined {
    const [scheme, value = ''] = authorization?.trim().split(/\s+/, 2) ?? []
    const kind = scheme?.toLowerCase()
    if (kind === 'bearer') return (bearers.get(value) ?? 0) > now() ? service.id : undefined
    if (kind !== 'basic' || !takesAppTokens()) return undefined
    const [username = '', token = ''] = Buffer.from(value, 'base64').toString('utf8').split(/:(.*)/s)
    const account = find(username)
    const isTheirs = account?.onPremisesSamAccountName === username
    const held = appTokens.find(({ userId, hash }) => userId === account?.id && hash === hashOf(token))
    return isTheirs && held && held.expiresAt.getTime() > now() ? held.userId : undefined
  }

  return {
    credentials,
    issue,
    issueAppToken,
    listAppTokens,
    deleteAppToken,
    whoIs,
    /** All but the service account's own. */
    listIssued: () => structuredClone(appTokens.filter(({ label }) => label !== 'Generated via CLI')),
    /** Ends every token that was issued; what they are got with stays. */
    revoke() {
      bearers = new Map()
      appTokens = [ownToken()]
    },
  }
}
