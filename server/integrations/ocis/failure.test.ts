import { afterEach, beforeEach, describe, expect, it, onTestFinished, vi } from 'vitest'
import { IntegrationError } from '#server/lib/errors'
import { newId } from '#server/lib/ids'
import { createOcisPlanners, type OcisOptions } from './client'
import type { DesiredTenant } from './desired'
import { startOcisFake, type OcisFake } from './fake'

const tenant: DesiredTenant = {
  id: newId(),
  slug: 'acme',
  name: 'Acme',
  state: 'active',
  storageBytes: 1_000_000_000,
  mailboxBytes: 0,
  domains: [],
  members: [],
}
const html = '<!DOCTYPE html><html><head><title>502</title></head><body>nginx at 10.0.0.7</body></html>'
const asHtml = { 'content-type': 'text/html' }
const now = new Date('2026-11-22T10:00:00Z')
const graph = (message: string, code = 'generalException') => ({ error: { code, message } })

let fake: OcisFake
beforeEach(async () => {
  fake = await startOcisFake()
})
afterEach(async () => {
  await fake.stop()
  expect(fake.violations()).toEqual([])
})

function plan(options: Partial<OcisOptions> = {}, signal = new AbortController().signal) {
  const { clientId, clientSecret } = fake.credentials
  const auth = { clientId, clientSecret, tokenUrl: fake.tokenUrl }
  const clock = { now: () => now }
  const [space] = createOcisPlanners({ apiUrl: fake.url, auth, clock, ...options })
  if (!space) throw new Error('no planner')
  return space.plan(tenant, { externalId: null }, signal)
}

/** Plans, and returns the failure, which never repeats a secret, an address or a page. */
async function failure(options: Partial<OcisOptions> = {}): Promise<IntegrationError> {
  const error = await plan(options).then(
    () => expect.fail('it did not fail'),
    (reason: unknown) => reason,
  )
  if (!(error instanceof IntegrationError)) throw error
  expect(error.service).toBe('ocis')
  expect(error.message).not.toMatch(/[<>\n]|nginx|127\.0\.0\.1/)
  for (const secret of Object.values(fake.credentials).filter((it) => it !== 'tenantry')) {
    expect(error.message).not.toContain(secret)
  }
  expect(error.message.length).toBeLessThan(500)
  expect(error.cause).toBeUndefined()
  return error
}

const listing = { operation: 'ListAllDrives' } as const

describe('a failing OCIS, in words', () => {
  it.each([
    [
      { status: 200, body: { value: [{ id: 7 }] } },
      'contract',
      true,
      'does not fit its schema at value.0.id (200)',
    ],
    [
      { status: 401, times: 2 },
      'unauthorized',
      true,
      'OCIS refused to list its spaces: it answered with an empty body (401); its proxy knows neither the token',
    ],
    [
      { status: 403, body: graph('search term too short', 'accessDenied') },
      'unauthorized',
      true,
      '“accessDenied: search term too short” (403)',
    ],
    [{ status: 400, body: graph('No.', 'invalidRequest') }, 'rejected', false, '“invalidRequest: No.” (400)'],
    [
      { status: 404, body: graph('drive not found', 'itemNotFound') },
      'rejected',
      true,
      '“itemNotFound: drive not found” (404); it also answers so where the service account may not see it',
    ],
    [
      { status: 500 },
      'unavailable',
      true,
      'it answered with an empty body (500); its proxy answers so where the service account has no role',
    ],
    [{ status: 500, body: graph('grpc error') }, 'unavailable', true, '“generalException: grpc error” (500)'],
    [
      { status: 501, body: graph('no such filter', 'notSupported') },
      'contract',
      true,
      '“notSupported: no such',
    ],
  ] as const)('answers %o: %s', async (answer, kind, retryable, words) => {
    fake.faults.add({ kind: 'answer', ...listing, ...answer })
    const error = await failure()
    expect(error).toMatchObject({ kind, retryable, retryAfterSeconds: undefined })
    expect(error.message).toContain(words)
  })

  it('asks to wait, cuts its answer, or falls silent', async () => {
    fake.addDrive({ name: 'something to send' })
    const headers = { 'retry-after': '7' }
    fake.faults.add({ kind: 'answer', ...listing, status: 503, headers })
    expect(await failure()).toMatchObject({ kind: 'unavailable', retryAfterSeconds: 7 })
    fake.faults.add({ kind: 'drop', ...listing, when: 'midway' })
    expect((await failure()).message).toMatch(
      /^OCIS could not be asked to list its spaces: the connection was/,
    )
    fake.faults.add({ kind: 'hang', ...listing })
    const words = 'OCIS was silent for 0.6 s when asked to list its spaces'
    expect((await failure({ timeoutMs: 100 })).message).toBe(words)
  })

  it('is given ten seconds by default, and a minute for a list of everything', async () => {
    const timeout = vi.spyOn(AbortSignal, 'timeout')
    onTestFinished(() => timeout.mockRestore())
    await plan()
    expect(timeout.mock.calls).toEqual([[10_000], [60_000]])
  })

  it('sends without end', async () => {
    fake.faults.add({
      kind: 'answer',
      operation: 'IssueToken',
      status: 200,
      body: ' '.repeat(2 * 1024 * 1024),
    })
    const error = await failure()
    expect(error).toMatchObject({ kind: 'contract' })
    expect(error.message).toContain('too large')
  })

  it('repeats our token, at length, in markup', async () => {
    const { appToken } = fake.credentials
    const encoded = Buffer.from(appToken).toString('base64')
    const message = `no: ${appToken} Basic ${encoded} <script>alert(1)</script>\n${'x'.repeat(1000)}`
    fake.faults.add({ kind: 'answer', ...listing, status: 400, body: graph(message, 'bad') })
    const { message: words } = await failure({ auth: { appToken } })
    expect(words).toContain('“bad: no: [redacted] Basic [redacted] alert(1) xxx')
  })

  it('sends our token nowhere else', async () => {
    const other = await startOcisFake()
    const location = `${other.url}/graph/v1.0/drives`
    fake.faults.add({ kind: 'answer', ...listing, status: 307, headers: { location }, body: '' })
    expect(await failure()).toMatchObject({ kind: 'contract' })
    expect(other.calls().ListAllDrives).toBe(0)
    await other.stop()
  })

  it('sends pages, which go no place else and never in a circle', async () => {
    const page = { value: [], '@odata.nextLink': 'https://elsewhere.example.org/graph/v1.0/drives?$filter=2' }
    fake.faults.add({ kind: 'answer', ...listing, status: 200, body: page, times: 'always' })
    const error = await failure()
    expect(error).toMatchObject({ kind: 'contract' })
    expect(error.message).toContain('in a circle')
    expect(fake.calls().ListAllDrives).toBe(2)
  })
})

describe('a failing issuer of tokens, in words', () => {
  const issuing = { operation: 'IssueToken' } as const

  it.each([
    [
      { status: 400, body: { error: 'invalid_client', error_description: 'Client authentication failed' } },
      'unauthorized',
      "The issuer of OCIS's tokens refused to give one to our client: “invalid_client: Client authentication failed” (400)",
    ],
    [{ status: 401, body: { error: 'invalid_client' } }, 'unauthorized', '“invalid_client” (401)'],
    [{ status: 404, headers: asHtml, body: html }, 'contract', 'an HTML page in place of JSON (404)'],
    [{ status: 429, headers: { 'retry-after': '9' }, body: '' }, 'rate_limited', 'an empty body (429)'],
    [{ status: 503, headers: asHtml, body: html }, 'unavailable', 'did not give one to our client'],
    [
      { status: 200, headers: asHtml, body: html },
      'contract',
      'answered with an HTML page in place of JSON (200)',
    ],
    [
      { status: 200, body: { access_token: 'a b', token_type: 'Bearer' } },
      'contract',
      'schema at access_token (200)',
    ],
    [
      { status: 200, body: { access_token: 'ab', token_type: 'mac' } },
      'contract',
      'schema at token_type (200)',
    ],
    [{ status: 302, headers: { location: '/' }, body: '' }, 'contract', 'a redirect'],
  ] as const)('answers %o: %s', async (answer, kind, words) => {
    fake.faults.add({ kind: 'answer', ...issuing, ...answer })
    const error = await failure()
    expect(error).toMatchObject({ kind, retryable: true })
    expect(error.message).toContain(words)
    expect(fake.calls().ListAllDrives).toBe(0)
  })

  it('falls silent', async () => {
    fake.faults.add({ kind: 'hang', ...issuing })
    const error = await failure({ timeoutMs: 60 })
    expect(error.message).toBe(
      "The issuer of OCIS's tokens was silent for 0.06 s when asked to give one to our client",
    )
  })

  it('knows no such client', async () => {
    const auth = { clientId: 'tenantry', clientSecret: 'hidden-one', tokenUrl: fake.tokenUrl }
    const error = await failure({ auth })
    expect(error).toMatchObject({ kind: 'unauthorized' })
    expect(error.message).not.toContain('hidden-one')
  })
})

describe('what can not be used', () => {
  it.each([
    'files.example.org',
    'ftp://files.example.org',
    'https://user:hidden@files.example.org',
    'https://files.example.org/?token=hidden',
    'https://files.example.org/#hidden',
  ])('is the address %s', (apiUrl) => {
    const make = () => createOcisPlanners({ apiUrl, auth: { appToken: 'a:hidden' } })
    expect(make).toThrow(TypeError)
    expect(make).not.toThrow(/hidden/)
  })

  it.each(['', 'hidden', ':hidden', 'user:', 'us\ner:hidden'])('is the app token %j', (appToken) => {
    const make = () => createOcisPlanners({ apiUrl: 'https://files.example.org', auth: { appToken } })
    expect(make).toThrow('the app token of OCIS is not of the form user:token')
  })

  it.each([
    ['id', '', 'https://id.example.org/token'],
    ['', 'hidden', 'https://id.example.org/token'],
    ['id', 'hidden', 'id.example.org/token'],
    ['id', 'hidden', 'https://hidden:pw@id.example.org/token'],
  ])('is the client %s with %s at %s', (clientId, clientSecret, tokenUrl) => {
    const auth = { clientId, clientSecret, tokenUrl }
    const make = () => createOcisPlanners({ apiUrl: 'https://files.example.org', auth })
    expect(make).toThrow(TypeError)
    expect(make).not.toThrow(/hidden/)
  })
})
