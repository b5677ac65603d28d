import { createRemoteJWKSet, decodeJwt, decodeProtectedHeader, jwtVerify } from 'jose'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { startIdentityProvider, type IdentityProvider } from '../harness/identity-provider'
import { tokensFor } from '../harness/provider-tokens'

describe('the identity provider of the tests', () => {
  let provider: IdentityProvider
  beforeAll(async () => {
    provider = await startIdentityProvider()
  })
  afterAll(() => provider.stop())

  it('gives a JWT access token for an audience, with the claims of the person', async () => {
    const { access_token, id_token } = await tokensFor(provider, 'ada', 'portal')
    const keys = createRemoteJWKSet(new URL(`${provider.issuer}/jwks`))
    const { payload } = await jwtVerify(access_token, keys, { issuer: provider.issuer, audience: 'portal' })
    expect(decodeProtectedHeader(access_token).typ).toBe('at+jwt')
    expect(payload).toMatchObject({
      sub: 'ada',
      email: 'ada@example.org',
      groups: ['acme', 'analytical-engine'],
    })
    expect(decodeJwt(id_token)).toMatchObject({ aud: 'tenantry', sub: 'ada', name: 'Ada Lovelace' })
  })

  it('gives an opaque one where no audience is named, and userinfo for it', async () => {
    const { access_token } = await tokensFor(provider, 'olga')
    expect(access_token).not.toContain('.')
    const answer = await fetch(`${provider.issuer}/me`, {
      headers: { authorization: `Bearer ${access_token}` },
    })
    expect(await answer.json()).toMatchObject({ sub: 'olga', groups: ['tenantry-operators'] })
  })

  it('follows what is changed of a person, and signs with a new key when it is told to', async () => {
    const before = await tokensFor(provider, 'max', 'portal')
    provider.people.max = { ...provider.people.max!, groups: ['acme'] }
    await provider.rotateKeys()
    const after = await tokensFor(provider, 'max', 'portal')
    expect(decodeJwt(after.access_token).groups).toEqual(['acme'])
    expect(decodeProtectedHeader(after.access_token).kid).not.toBe(
      decodeProtectedHeader(before.access_token).kid,
    )
  })

  it('can be away, and come back at the same address', async () => {
    await provider.stop()
    await expect(fetch(`${provider.issuer}/jwks`)).rejects.toThrow()
    await provider.restart()
    expect((await fetch(`${provider.issuer}/jwks`)).status).toBe(200)
  })
})
