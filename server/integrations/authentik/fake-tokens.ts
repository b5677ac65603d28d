import { randomBytes, randomUUID } from 'node:crypto'
import { badRequest, type FakeAnswer, type FakeRequest } from './fake-groups.ts'

/** A token as the fake keeps it. */
export interface FakeToken {
  pk: string
  identifier: string
  intent: string
  user: number
  description: string
  expires: string | null
  expiring: boolean
  key: string
}

/** What tokens have to do with: the users whose they are. */
interface FakeUsersSeen {
  has(pk: number): boolean
  render(pk: number): object
}

const missing: FakeAnswer = { status: 404, body: { detail: 'No Token matches the given query.' } }
const halfAnHour = 1_800_000

/** Tokens with the rules of Authentik's own serializer. */
export function createFakeTokens(users: FakeUsersSeen) {
  const tokens = new Map<string, FakeToken>()
  /** Whose tokens are made, where the caller may not make those of others. */
  let caller: number | undefined
  /** How long app passwords may last at most. */
  let limitMs = Number.POSITIVE_INFINITY

  const render = ({ key: _key, ...token }: FakeToken) => ({
    ...token,
    managed: null,
    user_obj: users.render(token.user),
  })
  const withToken = ({ path }: FakeRequest, answer: (token: FakeToken) => FakeAnswer): FakeAnswer => {
    const token = tokens.get(path.identifier ?? '')
    return token ? answer(token) : missing
  }

  /** The longest that an app password may last is by its user's groups, or by the server's default. */
  function refuseEnd(expires: unknown): FakeAnswer | undefined {
    if (typeof expires !== 'string' || Date.parse(expires) <= Date.now() + limitMs) return undefined
    const end = new Date(Date.now() + limitMs).toISOString()
    const message = `Token expires exceeds maximum lifetime (${end} UTC).`
    return badRequest([{ field: 'expires', message }])
  }

  /** Authentik gives a token whose user is left out to the caller, and makes it one of intent `api`: here that is refused. */
  function change(request: FakeRequest): FakeAnswer {
    const { user, intent, expires, expiring, description } = request.body
    return withToken(request, (token) => {
      if (typeof user !== 'number' || intent !== 'app_password')
        return badRequest([{ field: 'user', message: 'The fake hands no token to its caller.' }])
      const refusal = refuseEnd(expires)
      if (refusal) return refusal
      Object.assign(token, { user, intent })
      if (expires !== undefined) token.expires = expires === null ? null : String(expires)
      if (expiring !== undefined) token.expiring = Boolean(expiring)
      if (description !== undefined) token.description = String(description)
      return { status: 200, body: render(token) }
    })
  }

  function create({ body }: FakeRequest): FakeAnswer {
    const { identifier, intent = 'api', user, description = '', expires = null, expiring = true } = body
    const name = String(identifier)
    if (tokens.has(name)) return badRequest([{ field: 'identifier', message: 'This field must be unique.' }])
    if (intent !== 'api' && intent !== 'app_password')
      return badRequest([{ field: 'intent', message: `Invalid intent ${String(intent)}` }])
    if (typeof user !== 'number' || !users.has(user))
      return badRequest([{ field: 'user', message: `Invalid pk "${String(user)}" - object does not exist.` }])
    const refusal = intent === 'app_password' ? refuseEnd(expires) : undefined
    if (refusal) return refusal
    const token: FakeToken = {
      ...{ pk: randomUUID(), identifier: name, intent, user: caller ?? user },
      description: String(description),
      // When one of intent `api` expires is Authentik's to say.
      expires:
        intent === 'api'
          ? new Date(Date.now() + halfAnHour).toISOString()
          : expires === null
            ? null
            : String(expires),
      expiring: Boolean(expiring),
      key: randomBytes(45).toString('base64url'),
    }
    tokens.set(name, token)
    return { status: 201, body: render(token) }
  }

  const perform = {
    core_tokens_create: create,
    core_tokens_retrieve: (request: FakeRequest) =>
      withToken(request, (token) => ({ status: 200, body: render(token) })),
    core_tokens_partial_update: change,
    core_tokens_destroy: (request: FakeRequest) =>
      withToken(request, ({ identifier }) => {
        tokens.delete(identifier)
        return { status: 204 }
      }),
    core_tokens_view_key_retrieve: (request: FakeRequest) =>
      withToken(request, ({ key }) => ({ status: 200, body: { key } })),
  }

  return {
    perform,
    list: () => structuredClone([...tokens.values()]),
    /** As whom the fake's caller makes tokens, whoever they name; undefined: as an administrator. */
    setTokenMaker: (pk: number | undefined) => void (caller = pk),
    setTokenLimit: (milliseconds: number) => void (limitMs = milliseconds),
    clear() {
      tokens.clear()
      caller = undefined
      limitMs = Number.POSITIVE_INFINITY
    },
  }
}
