import { afterEach, beforeEach, describe, expect, it, onTestFinished, vi } from 'vitest'
import { IntegrationError } from '#server/lib/errors'
import { newId } from '#server/lib/ids'
import type { AuthentikOptions } from './client'
import { createGroupStep } from '../../../tests/harness/authentik'
import { startAuthentikFake, type AuthentikFake } from './fake'

const tenant = { id: newId(), slug: 'acme', name: 'Acme' }
const html = '<!DOCTYPE html><html><head><title>502</title></head><body>nginx at 10.0.0.7</body></html>'
const asHtml = { 'content-type': 'text/html' }
const now = new Date('2026-11-22T10:00:00Z')

let fake: AuthentikFake
beforeEach(async () => {
  fake = await startAuthentikFake()
})
afterEach(async () => {
  await fake.stop()
  expect(fake.violations()).toEqual([])
})

function apply(options: Partial<AuthentikOptions> = {}, signal = new AbortController().signal) {
  const clock = { now: () => now }
  return createGroupStep({ apiUrl: fake.url, token: fake.token, clock, ...options }).apply(tenant, signal)
}

/** Applies, and returns the failure, which never repeats a secret, an address or a page. */
async function failure(options: Partial<AuthentikOptions> = {}): Promise<IntegrationError> {
  const error = await apply(options).then(
    () => expect.fail('it did not fail'),
    (reason: unknown) => reason,
  )
  if (!(error instanceof IntegrationError)) throw error
  expect(error.service).toBe('authentik')
  expect(error.message).not.toMatch(/[<>\n]|nginx|127\.0\.0\.1/)
  expect(error.message).not.toContain(fake.token)
  expect(error.message.length).toBeLessThan(500)
  expect(error.cause).toBeUndefined()
  return error
}

describe('a failing Authentik, in words', () => {
  it.each([
    [{ status: 200, headers: asHtml, body: html }, 'contract', true, 'an HTML page in place of JSON (200)'],
    [{ status: 200, body: '' }, 'contract', true, 'an empty body (200)'],
    [{ status: 200, body: { results: [] } }, 'contract', true, 'does not fit its schema at pagination (200)'],
    [{ status: 302, headers: { location: '/' }, body: '' }, 'contract', true, 'answered with a redirect'],
    [
      { status: 401, body: '' },
      'unauthorized',
      true,
      'refused to look for the group acme: it answered with an empty body (401)',
    ],
    [
      { status: 403, headers: asHtml, body: html },
      'unauthorized',
      true,
      'an HTML page in place of JSON (403)',
    ],
    [
      { status: 403, body: { detail: 'You do not have permission.' } },
      'unauthorized',
      true,
      '“You do not have permission.” (403)',
    ],
    [
      { status: 400, body: { non_field_errors: ['No.', 'Never.'], code: 'invalid' } },
      'rejected',
      false,
      '“No. Never.” (400)',
    ],
    [
      { status: 400, body: { name: ['Too odd.'], x: ['Bad.'] } },
      'rejected',
      false,
      '“name: Too odd.; x: Bad.” (400)',
    ],
    [
      { status: 404, headers: { 'content-type': 'text/plain' }, body: '404 page not found' },
      'contract',
      true,
      'does not fit its schema (404)',
    ],
    [{ status: 404, body: { detail: 'Not found.' } }, 'rejected', true, '“Not found.” (404)'],
    [{ status: 408, body: '' }, 'timeout', true, 'an empty body (408)'],
    [{ status: 429, body: { detail: 'Slow down.' } }, 'rate_limited', true, '“Slow down.” (429)'],
    [
      { status: 500, headers: asHtml, body: html },
      'unavailable',
      true,
      'did not look for the group acme: it answered with an HTML page in place of JSON (500)',
    ],
    [{ status: 502, body: '' }, 'unavailable', true, 'an empty body (502)'],
    [
      { status: 503, body: { error: 'authentik starting' } },
      'unavailable',
      true,
      '“error: authentik starting” (503)',
    ],
  ] as const)('answers %o: %s', async (answer, kind, retryable, words) => {
    fake.faults.add({ kind: 'answer', ...answer })
    const error = await failure()
    expect(error).toMatchObject({ kind, retryable, retryAfterSeconds: undefined })
    expect(error.message).toContain(words)
  })

  it.each([
    ['7', 7],
    ['0', 0],
    ['Sun, 22 Nov 2026 10:01:30 GMT', 90],
    ['Sun, 22 Nov 2026 09:00:00 GMT', 0],
    ['999999999999', 86_400],
    ['soon', undefined],
    ['-5', undefined],
  ])('asks to wait by Retry-After %s: %s s', async (header, retryAfterSeconds) => {
    fake.faults.add({ kind: 'answer', status: 429, headers: { 'retry-after': header }, body: '', times: 2 })
    expect(await failure()).toMatchObject({ kind: 'rate_limited', retryAfterSeconds })
    fake.faults.clear()
    fake.faults.add({ kind: 'answer', status: 503, headers: { 'retry-after': header }, body: '' })
    expect(await failure()).toMatchObject({ kind: 'unavailable', retryAfterSeconds })
  })

  it.each(['before', 'midway', 'after'] as const)('cuts the connection %s its answer', async (when) => {
    fake.faults.add({ kind: 'drop', when })
    const error = await failure()
    expect(error).toMatchObject({ kind: 'unreachable', retryable: true })
    expect(error.message).toMatch(
      /could not be asked to look for the group acme: the connection was cut \(\w+\)/,
    )
  })

  it.each(['before', 'midway', 'after'] as const)('falls silent %s its answer', async (when) => {
    fake.faults.add({ kind: 'hang', when })
    const error = await failure({ timeoutMs: 60 })
    expect(error).toMatchObject({ kind: 'timeout', retryable: true })
    expect(error.message).toBe('Authentik was silent for 0.06 s when asked to look for the group acme')
  })

  it('is given ten seconds by default', async () => {
    const timeout = vi.spyOn(AbortSignal, 'timeout')
    onTestFinished(() => timeout.mockRestore())
    await apply()
    expect(timeout.mock.calls).toEqual([[10_000], [10_000], [10_000]])
  })

  it('is not there', async () => {
    await fake.stop()
    const error = await failure()
    expect(error).toMatchObject({ kind: 'unreachable', retryable: true })
    expect(error.message).toContain('nothing listens at its address (ECONNREFUSED)')
  })

  it('sends without end', async () => {
    fake.faults.add({ kind: 'answer', status: 200, body: ' '.repeat(17 * 1024 * 1024) })
    const error = await failure()
    expect(error).toMatchObject({ kind: 'contract' })
    expect(error.message).toContain('too large')
  })

  it('repeats our token, at length, in markup', async () => {
    const detail = `no: Bearer ${fake.token} <script>alert(1)</script>\n${'x'.repeat(1000)}`
    fake.faults.add({ kind: 'answer', status: 400, body: { detail } })
    expect((await failure()).message).toContain('“no: Bearer [redacted] alert(1) xxx')
  })

  it('sends our token nowhere else', async () => {
    const other = await startAuthentikFake({ token: fake.token })
    const location = `${other.url}/api/v3/core/groups/`
    fake.faults.add({ kind: 'answer', status: 307, headers: { location }, body: '' })
    expect(await failure()).toMatchObject({ kind: 'contract' })
    expect(other.calls().core_groups_list).toBe(0)
    await other.stop()
  })

  it('lists pages in a circle', async () => {
    const body = { pagination: { next: 1 }, results: [] }
    fake.faults.add({ kind: 'answer', status: 200, body, times: 'always' })
    expect(await failure()).toMatchObject({ kind: 'contract' })
    expect(fake.calls().core_groups_list).toBe(1)
  })
})
