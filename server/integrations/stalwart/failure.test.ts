import { afterEach, beforeEach, describe, expect, it, onTestFinished, vi } from 'vitest'
import { IntegrationError } from '#server/lib/errors'
import { newId } from '#server/lib/ids'
import { createStalwartPlanners, createStalwartRecords, type StalwartOptions } from './client'
import { startStalwartFake, type StalwartFake } from './fake'

const tenant = {
  id: newId(),
  slug: 'acme',
  name: 'Acme',
  state: 'active',
  storageBytes: 1,
  mailboxBytes: 1,
  domains: ['acme.example'],
  members: [],
} as const
const html = '<!DOCTYPE html><html><head><title>502</title></head><body>nginx at 10.0.0.7</body></html>'
const asHtml = { 'content-type': 'text/html' }
const now = new Date('2026-11-22T10:00:00Z')
const signal = new AbortController().signal

let fake: StalwartFake
/** With a password, so that 0.15 says itself which it is. */
async function start(dialect: 'jmap' | 'rest', token = 'admin:four words of mine') {
  fake = await startStalwartFake({ dialect, token })
}
afterEach(async () => {
  await fake.stop()
  expect(fake.violations()).toEqual([])
})

const optionsOf = (options: Partial<StalwartOptions>): StalwartOptions => ({
  apiUrl: fake.url,
  token: fake.token,
  clock: { now: () => now },
  ...options,
})

async function applyAll(options: Partial<StalwartOptions> = {}, cut = signal) {
  for (const step of createStalwartPlanners(optionsOf(options))) {
    const { changes } = await step.plan(tenant, { externalId: null }, cut)
    for (const change of changes) await change.apply(cut)
  }
}

/** Gives the failure, which never repeats a secret, an address or a page. */
async function failureOf(work: Promise<unknown>): Promise<IntegrationError> {
  const error = await work.then(
    () => expect.fail('it did not fail'),
    (reason: unknown) => reason,
  )
  if (!(error instanceof IntegrationError)) throw error
  expect(error.service).toBe('stalwart')
  expect(error.message).not.toMatch(/[<>\n]|nginx|127\.0\.0\.1|PRIVATE KEY/)
  expect(error.message).not.toContain(fake.token)
  expect(error.message.length).toBeLessThan(500)
  expect(error.cause).toBeUndefined()
  return error
}
const failure = (options: Partial<StalwartOptions> = {}) => failureOf(applyAll(options))

const problem = (detail: string) => ({ type: 'about:blank', status: 400, title: 'Title', detail })
const common = [
  [{ status: 200, body: '' }, 'contract', true, 'an empty body (200)'],
  [
    { status: 401, body: problem('You have to authenticate.') },
    'unauthorized',
    true,
    '“You have to authenticate.” (401)',
  ],
  [{ status: 400, body: problem('Parameters.') }, 'rejected', false, '“Parameters.” (400)'],
  [{ status: 400, body: { title: 'Bad' } }, 'rejected', false, '“Bad” (400)'],
  [{ status: 404, body: problem('No such thing.') }, 'rejected', true, '“No such thing.” (404)'],
  [{ status: 500, headers: asHtml, body: html }, 'unavailable', true, 'an HTML page in place of JSON (500)'],
  [{ status: 503, body: problem('Starting.') }, 'unavailable', true, '“Starting.” (503)'],
] as const

describe.each([
  { dialect: 'jmap', read: 'x:Domain/query', write: 'x:Domain/set', purpose: 'look for domains' },
  { dialect: 'rest', read: 'principal/list', write: 'principal/create', purpose: 'list its domains' },
] as const)('a failing Stalwart, $dialect, in words', ({ dialect, read, write, purpose }) => {
  beforeEach(() => start(dialect))

  it.each(common)('answers %o: %s', async (answer, kind, retryable, words) => {
    for (const operation of [read, write]) {
      fake.reset()
      fake.faults.add({ kind: 'answer', operation, times: 'always', ...answer })
      const error = await failure()
      expect(error).toMatchObject({ kind, retryable, retryAfterSeconds: undefined })
      expect(error.message).toContain(words)
    }
  })

  it('asks to wait, cuts its answer, or falls silent', async () => {
    const headers = { 'retry-after': '7' }
    fake.faults.add({ kind: 'answer', operation: read, status: 503, headers })
    expect(await failure()).toMatchObject({ kind: 'unavailable', retryAfterSeconds: 7 })
    fake.faults.add({ kind: 'drop', operation: read, when: 'midway' })
    expect((await failure()).message).toMatch(`could not be asked to ${purpose}: the connection was cut (`)
    fake.faults.add({ kind: 'hang', operation: read })
    const words = `Stalwart was silent for 0.06 s when asked to ${purpose}`
    expect((await failure({ timeoutMs: 60 })).message).toBe(words)
  })

  it('is slow, and still in time', async () => {
    fake.faults.add({ kind: 'delay', ms: 20, operation: read })
    await applyAll()
    expect(fake.domains()).toHaveLength(1)
  })

  it('is given ten seconds by default', async () => {
    const timeout = vi.spyOn(AbortSignal, 'timeout')
    onTestFinished(() => timeout.mockRestore())
    await applyAll()
    expect(new Set(timeout.mock.calls.flat())).toEqual(new Set([10_000]))
  })

  it('repeats our token, at length, in markup', async () => {
    const detail = `no: Bearer ${fake.token} <script>alert(1)</script>\n${'x'.repeat(1000)}`
    fake.faults.add({ kind: 'answer', operation: read, status: 400, body: { detail } })
    expect((await failure()).message).toContain('“no: Bearer [redacted] alert(1) xxx')
  })

  it('sends our token nowhere else', async () => {
    const other = await startStalwartFake({ dialect, token: fake.token })
    const location = `${other.url}/jmap/session`
    for (const operation of ['session', read] as const) {
      fake.faults.add({ kind: 'answer', operation, status: 307, headers: { location }, body: '' })
      expect(await failure()).toMatchObject({ kind: 'contract' })
    }
    expect(other.requests()).toBe(0)
    await other.stop()
  })

  it('ends with the reason of the signal, before and in the middle of a call', async () => {
    const drained = new Error('drained')
    await expect(applyAll({}, AbortSignal.abort(drained))).rejects.toBe(drained)
    expect(fake.requests()).toBe(0)
    const controller = new AbortController()
    fake.faults.add({ kind: 'hang', operation: read })
    const fetch: typeof globalThis.fetch = (input, init) => {
      if (fake.calls().session > 0) queueMicrotask(() => controller.abort(drained))
      return globalThis.fetch(input, init)
    }
    await expect(applyAll({ fetch }, controller.signal)).rejects.toBe(drained)
  })
})

describe('a password', () => {
  it.each(['jmap', 'rest'] as const)('is struck out of what %s says, in all its forms', async (dialect) => {
    await start(dialect)
    const encoded = Buffer.from(fake.token).toString('base64')
    const detail = `You sent ${encoded}, that is ${fake.token}, with four words of mine`
    fake.faults.add({ kind: 'answer', operation: 'session', status: 400, body: { detail } })
    const { message } = await failure()
    expect(message).toContain('“You sent [redacted], that is [redacted], with [redacted]”')
  })
})

describe('over JMAP', () => {
  beforeEach(() => start('jmap'))
  const methods = (...methodResponses: unknown[]) => ({ methodResponses, sessionState: 'a' })
  const found = (ids: string[], list: unknown[]) =>
    Array.from({ length: 3 }).flatMap((_, index) => [
      ['x:Domain/query', { ids, total: ids.length }, `c${2 * index}`],
      ['x:Domain/get', { list }, `c${2 * index + 1}`],
    ])

  it.each([
    [{ methodResponses: 7 }, 'contract', 'at methodResponses (200)'],
    [methods(), 'contract', 'with nothing of x:Domain/query'],
    [methods(['x:Domain/get', {}, 'c0']), 'contract', 'with nothing of x:Domain/query'],
    [methods(...found(['b'], [{ id: 'b' }])), 'contract', 'at list.0.name (x:Domain/get)'],
    [methods(['error', { type: 'forbidden', description: 'No.' }, 'c0']), 'unauthorized', '“forbidden: No.”'],
    [methods(['error', { type: 'serverFail' }, 'c0']), 'unavailable', '“serverFail”'],
    [methods(['error', { type: 'unsupportedFilter', description: '<b>x</b>' }, 'c0']), 'rejected', 'x”'],
    [methods(['error', {}, 'c0']), 'contract', 'at type (error)'],
  ])('answers %j: %s', async (body, kind, words) => {
    fake.faults.add({ kind: 'answer', operation: 'x:Domain/query', status: 200, body, times: 'always' })
    const error = await failure()
    expect(error).toMatchObject({ kind, retryable: kind !== 'rejected' })
    expect(error.message).toContain(words)
  })

  const notCreated = (error: object) => methods(['x:Domain/set', { notCreated: { new: error } }, 'c0'])
  it.each([
    [notCreated({ type: 'forbidden', description: 'No.' }), 'unauthorized', true, '“forbidden: No.”'],
    [notCreated({ type: 'overQuota' }), 'rejected', false, '“overQuota”'],
    [notCreated({ type: 'rateLimit' }), 'rate_limited', true, 'too much is asked'],
    [
      notCreated({ type: 'validationFailed', validationErrors: [{ type: 'Required', property: 'name' }] }),
      'rejected',
      false,
      '“validationFailed: Required name”',
    ],
    [
      notCreated({ type: 'invalidPatch', properties: ['aliases', ['a', 'b']] }),
      'rejected',
      false,
      '“invalidPatch: aliases, a/b”',
    ],
    [
      notCreated({ type: 'invalidForeignKey', objectId: { object: 'x:Tenant', id: 'b' } }),
      'rejected',
      true,
      '“invalidForeignKey: Tenant b”',
    ],
    [notCreated({ type: 7 }), 'contract', true, 'at notCreated.new.type (x:Domain/set)'],
    [
      methods(['x:Domain/set', { created: { '<b>\nx </b>': 7 } }, 'c0']),
      'contract',
      true,
      'at created.bx/b (x:Domain/set)',
    ],
    [methods(['x:Domain/set', {}, 'c0']), 'contract', true, 'with nothing of what became of it'],
  ])('answers %j: %s', async (body, kind, retryable, words) => {
    fake.faults.add({ kind: 'answer', operation: 'x:Domain/set', status: 200, body })
    const error = await failure()
    expect(error).toMatchObject({ kind, retryable })
    expect(error.message).toContain(words)
  })

  it('lists without end', async () => {
    const domain = { id: 'b', name: 'a.example', dkimManagement: { '@type': 'Manual' }, dnsZoneFile: '' }
    const list = (count: number) => [
      ['x:Domain/query', { ids: Array(count).fill('b'), total: 1e9 }, 'c0'],
      ['x:Domain/get', { list: Array(count).fill(domain) }, 'c1'],
    ]
    const [domains] = createStalwartPlanners(optionsOf({}))
    const plan = () =>
      domains?.plan({ ...tenant, domains: [] }, { externalId: null }, signal) ?? Promise.reject()
    const answer = { kind: 'answer', operation: 'x:Domain/query', status: 200, times: 'always' } as const
    fake.faults.add({ ...answer, body: methods(...list(0)) })
    expect(await plan()).toMatchObject({ changes: [] })
    fake.faults.clear()
    fake.faults.add({ ...answer, body: methods(...list(5_000)) })
    const error = await failureOf(plan())
    expect(error).toMatchObject({ kind: 'contract' })
    expect(error.message).toContain('a list without an end')
  })

  it.each([
    ['junk', 'hello', 'a zone that has something that is no record, in line 1'],
    ['markup', '<b>.example. IN TXT "x"', 'a zone that has a name that is none, in line 1'],
  ])('gives a zone of %s', async (_what, dnsZoneFile, words) => {
    await applyAll()
    const domain = { id: 'b', name: 'acme.example', dkimManagement: { '@type': 'Manual' }, dnsZoneFile }
    const body = methods(...found(['b'], [domain]).slice(0, 2))
    fake.faults.add({ kind: 'answer', operation: 'x:Domain/query', status: 200, body })
    const { recordsOf } = createStalwartRecords(optionsOf({}))
    const error = await failureOf(recordsOf('acme.example', signal))
    expect(error).toMatchObject({ kind: 'contract' })
    expect(error.message).toContain(words)
  })
})

describe('over REST', () => {
  beforeEach(() => start('rest'))

  it('refuses a key that it does not know', async () => {
    await fake.stop()
    await start('rest', 'api_key')
    expect(await failure({ token: 'api_another' })).toMatchObject({ kind: 'unauthorized' })
    await applyAll()
    expect(fake.domains()).toHaveLength(1)
  })

  it.each([
    [{}, 'contract', true, 'at data (data)'],
    [{ data: { items: [{ id: 'x' }], total: 1 } }, 'contract', true, 'at items.0.id (data)'],
    [{ error: 'unsupported', details: 'No.' }, 'rejected', false, '“unsupported: No.”'],
    [{ error: 'other', details: 'No', reason: '<b>Never</b>' }, 'rejected', false, '“other: No: Never”'],
    [{ error: 'fieldMissing', field: 'name' }, 'rejected', false, '“fieldMissing: name”'],
    [{ error: 'notFound', item: 'acme' }, 'rejected', true, '“notFound: acme”'],
    [{ error: 'assertFailed' }, 'unavailable', true, '“assertFailed”'],
  ])('answers %j: %s', async (body, kind, retryable, words) => {
    fake.faults.add({ kind: 'answer', operation: 'principal/list', status: 200, body })
    const error = await failure()
    expect(error).toMatchObject({ kind, retryable })
    expect(error.message).toContain(words)
  })

  it('answers with a private key, which is repeated nowhere', async () => {
    const value = '-----BEGIN PRIVATE KEY-----\nMIIB\n-----END PRIVATE KEY-----'
    const body = { error: 'fieldAlreadyExists', field: 'signature.rsa-acme.example.private-key', value }
    fake.faults.add({ kind: 'answer', operation: 'principal/list', status: 200, body })
    const { message } = await failure()
    expect(message).toContain('“fieldAlreadyExists: signature.rsa-acme.example.private-key”')
    expect(message).not.toContain('MIIB')
  })

  it('lists without end', async () => {
    const data = { items: [{ id: 7, type: 'domain', name: 'a.example' }], total: 1e9 }
    const answer = { kind: 'answer', operation: 'principal/list', status: 200, times: 'always' } as const
    fake.faults.add({ ...answer, body: { data } })
    const error = await failure()
    expect(error).toMatchObject({ kind: 'contract' })
    expect(error.message).toContain('a list without an end')
  })

  it('gives records that are none', async () => {
    await applyAll()
    const data = [{ type: 'MX', name: 'acme.example.', content: '10 <b>' }]
    fake.faults.add({ kind: 'answer', operation: 'dns/records', status: 200, body: { data } })
    const error = await failureOf(createStalwartRecords(optionsOf({})).recordsOf('acme.example', signal))
    expect(error).toMatchObject({ kind: 'contract' })
    expect(error.message).toContain('with a MX record without a value of that type')
  })
})

describe('what can not be used', () => {
  beforeEach(() => start('jmap'))
  const create = (options: Partial<StalwartOptions>) => () => createStalwartPlanners(optionsOf(options))

  it.each([
    '',
    'mail',
    'ftp://mail.example',
    'https://u:secret@mail.example',
    'https://mail.example/?x=secret',
  ])('is the address "%s"', (apiUrl) => {
    expect(create({ apiUrl })).toThrow(new TypeError('the address of Stalwart is not an http(s) origin'))
  })

  it.each(['', ' ', 'two words', 'a\nb', 'ключ', ':password', 'name:', ' a'])(
    'is the token "%s"',
    (token) => {
      expect(create({ token })).toThrow(/^the API token of Stalwart [a-z ]+( ASCII)?$/)
    },
  )
})
