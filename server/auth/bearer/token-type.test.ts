import { describe, expect, it } from 'vitest'
import { refuseOtherTokens } from './token-type'

const uid = 'a'.repeat(40)
const person = { iss: 'https://idp.example', sub: 'u-1', aud: 'portal', exp: 2, iat: 1 }

describe('refuseOtherTokens', () => {
  it.each<[string, object, object]>([
    ['RFC 9068', { typ: 'at+jwt' }, { client_id: 'app', jti: '1' }],
    ['RFC 9068, by its whole name', { typ: 'application/AT+JWT' }, { client_id: 'app', auth_time: 1 }],
    ['Keycloak', { typ: 'JWT' }, { typ: 'Bearer', azp: 'app', scope: 'openid', sid: 's' }],
    ['Authentik', { typ: 'JWT' }, { azp: 'app', uid, nonce: 'n', auth_time: 1, amr: ['pwd'] }],
    ['Entra', { typ: 'JWT' }, { azp: 'app', scp: 'access_as_user', ver: '2.0' }],
    ['Okta', {}, { cid: 'app', scp: ['openid'], uid: '00u1', auth_time: 1 }],
    ['Auth0', { typ: 'JWT' }, { azp: 'app', scope: 'openid profile' }],
  ])('takes an access token as it comes from %s', (_, header, claims) => {
    expect(() => refuseOtherTokens({ alg: 'RS256', ...header }, { ...person, ...claims })).not.toThrow()
  })

  it.each<[string, object, object]>([
    ['an ID token with a hash of the access token', { typ: 'JWT' }, { at_hash: 'h', scope: 'openid' }],
    ['an ID token with a hash of the code', {}, { c_hash: 'h', scope: 'openid' }],
    ['an ID token with a nonce', { typ: 'JWT' }, { nonce: 'n', scope: 'openid' }],
    [
      'an ID token with a nonce, of one who has a number',
      { typ: 'JWT' },
      { nonce: 'n', azp: 'app', uid: '1000' },
    ],
    ['an ID token that shows nothing of it', { typ: 'JWT' }, { azp: 'app', auth_time: 1 }],
    ['an ID token of Authentik', { typ: 'JWT' }, { auth_time: 1, amr: ['pwd'], sid: 's' }],
    ['an ID token of Keycloak', { typ: 'JWT' }, { typ: 'ID', azp: 'app', scope: 'openid' }],
    ['a refresh token of Keycloak', { typ: 'JWT' }, { typ: 'Refresh', azp: 'app', scope: 'openid' }],
    ['a logout token', { typ: 'logout+jwt' }, { events: {}, scope: 'openid' }],
    ['a logout token of the general type', { typ: 'JWT' }, { events: {}, client_id: 'app' }],
    ['a proof of possession', { typ: 'dpop+jwt' }, { client_id: 'app' }],
    ['a type that is no text', { typ: ['at+jwt'] }, { client_id: 'app' }],
    ["a client's own token", { typ: 'at+jwt' }, { sub: 'app', client_id: 'app' }],
    ["a client's own token of Entra", { typ: 'JWT' }, { scp: 'x', idtyp: 'app' }],
    ["a client's own token of Auth0", { typ: 'at+jwt' }, { gty: 'client-credentials' }],
  ])('refuses %s', (_, header, claims) => {
    const refused = expect.objectContaining({ code: 'auth.token_type', status: 401 })
    expect(() => refuseOtherTokens({ alg: 'RS256', ...header }, { ...person, ...claims })).toThrow(refused)
  })

  it('refuses a token that is bound to a key', () => {
    const bound = { ...person, client_id: 'app', cnf: { jkt: 'thumb' } }
    const refused = expect.objectContaining({ code: 'auth.token_bound', status: 401 })
    expect(() => refuseOtherTokens({ typ: 'at+jwt' }, bound)).toThrow(refused)
  })
})
