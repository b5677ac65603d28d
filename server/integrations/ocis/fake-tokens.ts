import { randomBytes } from 'node:crypto'
import type { Clock } from '#server/lib/clock'
import { badRequest, ok, type FakeAnswer } from './fake-answers.ts'

/** What proves who the service account is. */
export interface FakeCredentials {
  readonly clientId: string
  readonly clientSecret: string
  /** `user:token`. */
  readonly appToken: string
}

const secret = () => randomBytes(32).toString('base64url')
const refusal = (status: number, error: string, error_description: string): FakeAnswer => ({
  status,
  body: { error, error_description },
})

/** An issuer of client-credentials tokens, and of app tokens. */
export function createFakeTokens(options: { clock: Clock; lifetimeSeconds: number; username: string }) {
  const { clock, lifetimeSeconds, username } = options
  const credentials: FakeCredentials = {
    clientId: 'tenantry',
    clientSecret: secret(),
    appToken: `${username}:${secret()}`,
  }
  let appTokens = new Map([[credentials.appToken, Number.POSITIVE_INFINITY]])
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

  /** `POST /auth-app/tokens?expiry=72h`, by somebody who is signed in. */
  function issueAppToken(search: URLSearchParams): FakeAnswer {
    const hours = /^(\d+)h$/.exec(search.get('expiry') ?? '')?.[1]
    if (!hours) return badRequest('error parsing expiry. Use e.g. 30m or 72h')
    const token = secret()
    const until = now() + Number(hours) * 3_600_000
    appTokens.set(`${username}:${token}`, until)
    const created_date = clock.now().toISOString()
    return ok({
      token,
      expiration_date: new Date(until).toISOString(),
      created_date,
      label: 'Generated via API',
    })
  }

  function isKnown(authorization: string | undefined): boolean {
    const [scheme, value = ''] = authorization?.trim().split(/\s+/, 2) ?? []
    const kind = scheme?.toLowerCase()
    if (kind === 'bearer') return (bearers.get(value) ?? 0) > now()
    if (kind !== 'basic') return false
    return (appTokens.get(Buffer.from(value, 'base64').toString('utf8')) ?? 0) > now()
  }

  return {
    credentials,
    issue,
    issueAppToken,
    isKnown,
    /** Ends every token that was issued; what they are got with stays. */
    revoke() {
      bearers = new Map()
      appTokens = new Map([[credentials.appToken, Number.POSITIVE_INFINITY]])
    },
  }
}
