import { afterAll, beforeAll, beforeEach, describe, expect, it } from 'vitest'
import type { JWTPayload } from 'jose'
import { createLog } from '#server/lib/log'
import { createKeyring } from '#server/vault/keyring'
import { createSealer } from '#server/vault/seal'
import { startForgingProvider, type ForgingProvider } from '../../../tests/harness/forging-provider'
import { TestClock } from '../../../tests/harness/portal'
import { clientSecretRow, createProvider, type Provider, type StoredProviderValues } from './provider'

const sealer = createSealer(createKeyring(Buffer.alloc(32, 3)), 'settings')
let forger: ForgingProvider
let clock: TestClock
let provider: Provider

function open(stored?: StoredProviderValues, environment = valuesOf(forger)) {
  const log = createLog('silent')
  return createProvider({ environment, stored: stored && (async () => stored), sealer, clock, log })
}
const valuesOf = ({ issuer }: ForgingProvider) => ({ issuer, clientId: 'tenantry', clientSecret: 'forged' })

beforeAll(async () => {
  forger = await startForgingProvider()
})
afterAll(() => forger.stop())
beforeEach(() => {
  forger.behave()
  forger.calls.clear()
  clock = new TestClock()
  provider = open()
})

const discovery = '/.well-known/openid-configuration'

describe('settings', () => {
  it('take each value from the environment, then from the portal, then from the default', async () => {
    const clientSecret = await sealer.seal('from the portal', clientSecretRow)
    const stored = { clientId: 'stored', clientSecret, groupsClaim: 'roles' }
    const settings = await open(stored, { ...valuesOf(forger), clientSecret: undefined as never }).settings()
    expect(settings).toEqual({
      issuer: forger.issuer,
      clientId: 'tenantry',
      clientSecret: 'from the portal',
      scopes: ['openid', 'profile', 'email', 'groups'],
      groupsClaim: 'roles',
      operatorGroup: 'tenantry-operators',
      linkByEmail: false,
      audiences: ['tenantry'],
      introspection: false,
    })
  })

  it('are none while one of issuer, client and secret is missing, or the secret was sealed by another key', async () => {
    const environment = { ...valuesOf(forger), clientSecret: undefined as never }
    expect(await open({}, environment).settings()).toBeUndefined()
    const foreign = await createSealer(createKeyring(Buffer.alloc(32, 4)), 'settings').seal(
      'x',
      clientSecretRow,
    )
    const unreadable = open({ clientSecret: foreign }, environment)
    expect(await unreadable.settings()).toBeUndefined()
    await expect(unreadable.metadata()).rejects.toMatchObject({
      code: 'auth.provider_not_configured',
      status: 404,
    })
  })
})

describe('discovery', () => {
  const unavailable = { code: 'auth.provider_unavailable', status: 503 }
  const causeOf = async () => {
    const error = await provider.metadata().catch((thrown: unknown) => thrown)
    expect(error).toMatchObject(unavailable)
    return ((error as Error).cause as Error).message
  }

  it('asks once for many at once, keeps the answer, and asks again when it is old', async () => {
    await Promise.all(Array.from({ length: 20 }, () => provider.metadata()))
    expect(forger.calls.get(discovery)).toBe(1)
    clock.advance(601)
    await provider.metadata()
    expect(forger.calls.get(discovery)).toBe(2)
  })

  it('goes on with what it knew while the provider is out of order', async () => {
    const before = await provider.metadata()
    forger.forge.answers[discovery] = (_, response) => response.writeHead(500).end()
    clock.advance(3600)
    expect(await provider.metadata()).toEqual(before)
  })

  it('recovers by itself where the provider was away at first', async () => {
    forger.forge.answers[discovery] = (request) => request.socket.destroy()
    expect(await causeOf()).toMatch(/can't be reached/)
    forger.behave()
    clock.advance(2)
    expect(await provider.metadata()).toMatchObject({ issuer: forger.issuer })
  })

  it.each([
    ['another issuer', { issuer: 'http://127.0.0.1:1/' }, /names another issuer/],
    ['an endpoint without https', { token_endpoint: 'http://example.org/token' }, /token_endpoint/],
    ['no keys', { jwks_uri: undefined }, /jwks_uri/],
  ])('refuses %s', async (_, change, words) => {
    const honest = await provider.metadata()
    forger.forge.answers[discovery] = (_request, response) =>
      response.end(JSON.stringify({ ...honest, ...change }))
    provider = open()
    expect(await causeOf()).toMatch(words)
  })

  it.each([
    ['a web page', (body: string) => `<!doctype html>${body}`, /a web page instead of JSON/],
    ['more than it may', (body: string) => body + ' '.repeat(600_000), /longer than 512 KiB/],
  ])('refuses %s', async (_, forge, words) => {
    forger.forge.answers[discovery] = (_request, response) => response.end(forge('{}'))
    expect(await causeOf()).toMatch(words)
  })

  it('follows no redirect, and waits 5 seconds and no longer', async () => {
    forger.forge.answers[discovery] = (_, response) => response.writeHead(302, { location: '/jwks' }).end()
    expect(await causeOf()).toMatch(/redirect \(302\)/)
    expect(forger.calls.get('/jwks')).toBeUndefined()
    forger.forge.answers[discovery] = () => undefined
    clock.advance(2)
    expect(await causeOf()).toMatch(/within 5 seconds/)
  }, 10_000)
})

describe('an ID token', () => {
  const refused = { code: 'auth.id_token_refused', status: 401 }
  const verify = async (forge: (honest: JWTPayload) => JWTPayload, options = {}) =>
    provider.verifyIdToken(await forger.sign(forge(forger.claims('n-1')), options), 'n-1')

  it('is taken where all is right, also from a clock that is 25 seconds off', async () => {
    expect(await verify((honest) => honest)).toMatchObject({ sub: 'person' })
    clock.advance(-25)
    expect(await verify((honest) => honest)).toMatchObject({ sub: 'person' })
    clock.advance(50)
    expect(await verify((honest) => ({ ...honest, exp: (honest.iat ?? 0) + 1 }))).toMatchObject({
      sub: 'person',
    })
  })

  it.each<[string, (honest: JWTPayload) => JWTPayload]>([
    ['another issuer', (honest) => ({ ...honest, iss: 'https://other.example.org' })],
    ['another audience', (honest) => ({ ...honest, aud: 'another' })],
    ['another nonce', (honest) => ({ ...honest, nonce: 'n-2' })],
    ['no nonce', ({ nonce: _, ...honest }) => honest],
    ['another authorized party', (honest) => ({ ...honest, azp: 'another' })],
    ['several audiences and no authorized party', (honest) => ({ ...honest, aud: ['tenantry', 'b'] })],
    ['an end in the past', (honest) => ({ ...honest, exp: (honest.iat ?? 0) - 60 })],
    ['no end', ({ exp: _, ...honest }) => honest],
    ['a start in the future', (honest) => ({ ...honest, iat: (honest.iat ?? 0) + 120 })],
    ['a start long ago', (honest) => ({ ...honest, iat: (honest.iat ?? 0) - 3600 })],
    ['no subject', ({ sub: _, ...honest }) => honest],
    ['a subject that is no text', (honest) => ({ ...honest, sub: 7 as never })],
    ['a subject without end', (honest) => ({ ...honest, sub: 'x'.repeat(256) })],
  ])('is refused with %s', async (_, forge) => {
    await expect(verify(forge)).rejects.toMatchObject(refused)
  })

  it.each(['stranger', 'none', 'public key as HMAC'] as const)(
    'is refused where it is signed: %s',
    async (signing) => {
      await expect(verify((honest) => honest, { signing })).rejects.toMatchObject(refused)
    },
  )

  it('with keys that nobody knows causes one fetch in five seconds, and no storm', async () => {
    await verify((honest) => honest)
    clock.advance(5)
    const strange = (kid: string) => verify((honest) => honest, { kid, signing: 'stranger' })
    const results = await Promise.allSettled(Array.from({ length: 50 }, (_, at) => strange(`kid-${at}`)))
    expect(results.every(({ status }) => status === 'rejected')).toBe(true)
    for (let at = 0; at < 10; at += 1) await expect(strange(`later-${at}`)).rejects.toMatchObject(refused)
    expect(forger.calls.get('/jwks')).toBe(2)
  })

  it('is checked with the keys that are known while the provider is away', async () => {
    await verify((honest) => honest)
    forger.forge.answers['/jwks'] = (request) => request.socket.destroy()
    clock.advance(100)
    await expect(verify((honest) => honest, { kid: 'unknown' })).rejects.toMatchObject(refused)
    expect(await verify((honest) => honest)).toMatchObject({ sub: 'person' })
  })

  it('can not be checked where keys were never had: that is no refusal', async () => {
    forger.forge.answers['/jwks'] = (_, response) => response.end('{"keys": 7}')
    await expect(verify((honest) => honest)).rejects.toMatchObject({ code: 'auth.provider_unavailable' })
  })
})

describe('userinfo', () => {
  it('is taken for the subject that was asked for, and for nobody else', async () => {
    expect(await provider.userInfo('opaque', 'person')).toMatchObject({ email: 'person@example.org' })
    await expect(provider.userInfo('opaque', 'other')).rejects.toMatchObject({
      code: 'auth.id_token_refused',
    })
  })

  it('that fails is the provider being away', async () => {
    forger.forge.answers['/userinfo'] = (_, response) => response.end('<html>')
    await expect(provider.userInfo('opaque', 'person')).rejects.toMatchObject({
      code: 'auth.provider_unavailable',
    })
  })
})
