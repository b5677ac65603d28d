import { bearerError } from './bearer.errors'

type Fields = Readonly<Record<string, unknown>>

const has = (fields: Fields, ...names: string[]) => names.some((name) => fields[name] !== undefined)
const isText = (value: unknown): value is string => typeof value === 'string'

/**
 * Refuses what a trusted issuer signed for another purpose than to call an API in a person's name; see
 * docs/decisions/0027.
 *
 * @param header of the JWT
 * @param boundTo thumbprint of the key that was proved beside it; null: it came as a plain bearer
 * @throws AppError auth.token_type; those of `refuseOtherBinding`
 */
export function refuseOtherTokens(header: Fields, payload: Fields, boundTo: string | null = null): void {
  refuseOtherBinding(payload.cnf, boundTo)
  if (!isAccessToken(header, payload)) throw bearerError('auth.token_type')
  if (isOfClient(payload))
    throw bearerError('auth.token_type', { detail: 'A client took it for itself: it stands for no person.' })
}

/**
 * Refuses a token that is bound to another key than was proved, in a way that is not known here (RFC 8705), or to none.
 *
 * @param cnf the claim (RFC 7800 section 3.1; `jkt`: RFC 9449 section 6.1)
 * @throws AppError auth.token_bound, auth.token_unbound (RFC 9449 section 7.1)
 */
export function refuseOtherBinding(cnf: unknown, boundTo: string | null): void {
  if (boundTo === null) {
    if (cnf !== undefined) throw bearerError('auth.token_bound')
    return
  }
  if (cnf === undefined || cnf === null) throw bearerError('auth.token_unbound')
  const { jkt, ...others } = Object(cnf) as Fields
  if (jkt !== boundTo || Object.keys(others).length > 0)
    throw bearerError('auth.token_bound', { detail: 'It is bound to another key than signed the proof.' })
}

function isAccessToken(header: Fields, payload: Fields): boolean {
  const kind = header.typ === undefined ? 'jwt' : isText(header.typ) ? header.typ.toLowerCase() : ''
  switch (kind.replace(/^application\//, '')) {
    // RFC 9068 section 4: the issuer says what it is.
    case 'at+jwt':
      return true
    case 'jwt':
      return !hasSignsOfAnother(payload) && hasSignsOfAccess(payload)
    default:
      return false
  }
}

/** ID tokens (OpenID Connect Core 1.0 sections 2 and 3.3.2.11), logout tokens, Keycloak's refresh and ID tokens. */
function hasSignsOfAnother(payload: Fields): boolean {
  if (has(payload, 'at_hash', 'c_hash', 's_hash', 'events')) return true
  if (payload.typ !== undefined && !(isText(payload.typ) && payload.typ.toLowerCase() === 'bearer'))
    return true
  return has(payload, 'nonce') && !isOfAuthentik(payload)
}

/** What is granted, or to which client by OAuth's own name: ID tokens say neither. */
function hasSignsOfAccess(payload: Fields): boolean {
  return has(payload, 'scope', 'scp', 'client_id', 'cid', 'typ') || isOfAuthentik(payload)
}

/** Authentik makes its access tokens out of the ID token, with these two added, and the nonce left in. */
function isOfAuthentik(payload: Fields): boolean {
  return isText(payload.azp) && isText(payload.uid) && /^[A-Za-z0-9]{40}$/.test(payload.uid)
}

/** RFC 9068 section 5; Entra's and Auth0's ways of saying so. */
function isOfClient({ sub, client_id: clientId, cid, azp, idtyp, gty }: Fields): boolean {
  return [clientId, cid, azp].includes(sub) || idtyp === 'app' || gty === 'client-credentials'
}
