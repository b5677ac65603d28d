import { afterEach, beforeEach, describe, expect, it } from 'vitest'
import { startOcisFake, type OcisFake } from './fake'

let fake: OcisFake
afterEach(() => fake.stop())

const basic = (userToken: string) => ({
  authorization: `Basic ${Buffer.from(userToken).toString('base64')}`,
})

async function call(method: string, path: string, headers = basic(fake.credentials.appToken)) {
  const answer = await fetch(fake.url + path, { method, headers })
  const text = await answer.text()
  const body: unknown = answer.headers.get('content-type')?.includes('json') && text ? JSON.parse(text) : text
  return { status: answer.status, body: body as { token: string; label: string }[] & { token: string } }
}
const tokens = '/auth-app/tokens'

describe.each(['ocis', 'opencloud'] as const)('the service auth-app of the fake of %s', (flavour) => {
  beforeEach(async () => {
    fake = await startOcisFake({ flavour })
  })

  it.each(['', '?expiry=', '?expiry=72', '?expiry=1d', '?expiry=h'])(
    'wants a duration of Go, not %j',
    async (query) => {
      expect(await call('POST', tokens + query)).toMatchObject({ status: 400 })
    },
  )

  it('makes tokens of others for administrators alone, and where that is switched on', async () => {
    const { id } = fake.addUser({ mail: 'ada@example.org' })
    const ask = (query: string, headers?: { authorization: string }) =>
      call('POST', `${tokens}?expiry=1h30m&${query}`, headers)
    expect(await ask(`userID=${id}`)).toEqual({ status: 403, body: 'impersonation is not allowed\n' })
    fake.settings.impersonates = true
    const { status, body } = await ask(`userID=${id}`)
    expect([status, body]).toMatchObject([200, { label: 'Generated via Impersonation API' }])
    const ada = basic(`ada@example.org:${body.token}`)
    expect(await call('GET', '/graph/v1.0/me', ada)).toMatchObject({ status: 200, body: { id } })
    expect((await ask('userName=ada@example.org')).status).toBe(200)
    expect((await ask('userID=nobody')).status).toBe(flavour === 'ocis' ? 404 : 500)
    expect((await ask(`userID=${id}`, ada)).status).toBe(403)
    fake.settings.role = 'spaceAdmin'
    expect(await ask(`userID=${id}`)).toEqual({ status: 403, body: '' })
  })

  it('shows everybody their own by what is kept of them, and deletes by that alone', async () => {
    const { id } = fake.addUser({ mail: 'ada@example.org' })
    fake.settings.impersonates = true
    const { body: made } = await call('POST', `${tokens}?expiry=1h&userID=${id}`)
    const ada = basic(`ada@example.org:${made.token}`)
    const { body: listed } = await call('GET', tokens, ada)
    expect(listed).toHaveLength(1)
    const [{ token: hash } = { token: '' }] = listed
    expect(hash).not.toContain(made.token)
    expect((await call('GET', tokens)).body.map(({ token }) => token)).not.toContain(hash)
    expect((await call('DELETE', tokens, ada)).status).toBe(400)
    // Whatever their own documentation says.
    expect((await call('DELETE', `${tokens}?token=${encodeURIComponent(made.token)}`, ada)).status).toBe(500)
    expect((await call('DELETE', `${tokens}?token=${encodeURIComponent(hash)}`)).status).toBe(500)
    expect((await call('DELETE', `${tokens}?token=${encodeURIComponent(hash)}`, ada)).status).toBe(200)
    expect((await call('GET', tokens, ada)).status).toBe(401)
  })

  it('knows nobody by a token of an account that is gone, or where app tokens are not taken', async () => {
    const { id } = fake.addUser({ mail: 'ada@example.org' })
    fake.settings.impersonates = true
    const { body } = await call('POST', `${tokens}?expiry=1h&userID=${id}`)
    const ada = basic(`ada@example.org:${body.token}`)
    fake.settings.takesAppTokens = false
    expect((await call('GET', '/graph/v1.0/me', ada)).status).toBe(401)
    fake.settings.takesAppTokens = true
    expect((await call('GET', '/graph/v1.0/me', ada)).status).toBe(200)
    expect((await call('GET', '/graph/v1.0/users/ada@example.org')).status).toBe(200)
    expect((await call('DELETE', '/graph/v1.0/users/ada@example.org', ada)).status).toBe(403)
    expect((await call('DELETE', `/graph/v1.0/users/${fake.serviceId}`)).status).toBe(403)
    expect((await call('DELETE', '/graph/v1.0/users/ada@example.org')).status).toBe(204)
    expect((await call('DELETE', '/graph/v1.0/users/ada@example.org')).status).toBe(404)
    expect((await call('GET', '/graph/v1.0/me', ada)).status).toBe(401)
    fake.settings.isReadOnly = true
    expect((await call('DELETE', `/graph/v1.0/users/${fake.serviceId}`)).status).toBe(405)
  })
})
