import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { startAlternating, type Alternating } from '../harness/alternating'
import { startIdentityProvider, type IdentityProvider } from '../harness/identity-provider'
import { tokensFor } from '../harness/provider-tokens'

describe('tokens at two replicas of the built server', () => {
  let provider: IdentityProvider
  let portal: Alternating
  beforeAll(async () => {
    provider = await startIdentityProvider()
    const more = { JWT_AUDIENCES: 'portal', AUTH_MODE: 'oidc-only', SEED_TENANT: 'acme' }
    portal = await startAlternating({
      env: { ...provider.environment, ...more, MASTER_KEY: Buffer.alloc(32, 7).toString('base64') },
    })
  })
  afterAll(async () => {
    await portal.stop()
    await provider.stop()
  })

  const call = async (token: string, path: string) => {
    const answer = await fetch(`${portal.url}${path}`, { headers: { authorization: `Bearer ${token}` } })
    const body = await answer.json()
    return { status: answer.status, challenge: answer.headers.get('www-authenticate'), body }
  }

  it('makes the user at one, and knows them at the other', async () => {
    const { access_token: token } = await tokensFor(provider, 'ada', 'portal')
    for (const path of ['/api/tenants', '/api/me'])
      expect(await call(token, path)).toMatchObject({
        status: 401,
        challenge: 'Bearer error="invalid_token"',
        body: { code: 'auth.user_unknown' },
      })
    const first = await Promise.all(Array.from({ length: 6 }, () => call(token, '/api/users/me')))
    expect(new Set(first.map(({ body }) => body.id)).size).toBe(1)
    for (let turn = 0; turn < 2; turn += 1)
      expect((await call(token, '/api/tenants/acme')).body).toMatchObject({ slug: 'acme', role: 'member' })
  })

  it('refuses what does not hold in its own words, and asks in vain while the keys were never read', async () => {
    const { access_token: token, id_token: idToken } = await tokensFor(provider, 'max', 'portal')
    expect(await call(idToken, '/api/users/me')).toMatchObject({
      status: 401,
      body: { code: 'auth.token_type' },
    })
    expect(await call(`${token}x`, '/api/users/me')).toMatchObject({
      status: 401,
      challenge: 'Bearer error="invalid_token"',
      body: { code: 'auth.token_invalid' },
    })
    expect(await call('a b', '/api/users/me')).toMatchObject({
      status: 400,
      challenge: 'Bearer error="invalid_request"',
      body: { code: 'auth.token_malformed' },
    })
    await provider.stop()
    try {
      for (const which of [0, 1] as const) {
        await portal.end(which)
        await portal.restart(which)
      }
      expect(await call(token, '/api/users/me')).toMatchObject({
        status: 503,
        body: { code: 'auth.provider_unavailable' },
      })
    } finally {
      await provider.restart()
    }
  })
})
