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
    [{ status: 200, body: { results: [] } }, 'contract', true, 'does not fit its schema at pagination (200)'],
    [
      { status: 403, body: { detail: 'Token invalid/expired' } },
      'unauthorized',
      true,
      'Authentik refused to look for the group acme: “Token invalid/expired” (403)',
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
    [{ status: 404, body: { detail: 'Not found.' } }, 'rejected', true, '“Not found.” (404)'],
    [
      { status: 500, headers: asHtml, body: html },
      'unavailable',
      true,
      'did not look for the group acme: it answered with an HTML page in place of JSON (500)',
    ],
    [
      { status: 503, headers: { 'retry-after': '7' }, body: { error: 'authentik starting' } },
      'unavailable',
      true,
      '“error: authentik starting” (503)',
    ],
  ] as const)('answers %o: %s', async (answer, kind, retryable, words) => {
    fake.faults.add({ kind: 'answer', ...answer })
    const error = await failure()
    expect(error).toMatchObject({ kind, retryable })
    expect(error.retryAfterSeconds).toBe(
      'headers' in answer && 'retry-after' in answer.headers ? 7 : undefined,
    )
    expect(error.message).toContain(words)
  })

  it('cuts its answer, which its client does not hide', async () => {
    fake.faults.add({ kind: 'drop', when: 'midway' })
    expect((await failure()).message).toMatch(
      /^Authentik could not be asked to .+: the connection was cut \(/,
    )
    fake.faults.add({ kind: 'hang' })
    expect((await failure({ timeoutMs: 60 })).kind).toBe('timeout')
  })

  it('is given ten seconds by default', async () => {
    const timeout = vi.spyOn(AbortSignal, 'timeout')
    onTestFinished(() => timeout.mockRestore())
    await apply()
    expect(timeout.mock.calls).toEqual([[10_000], [10_000], [10_000]])
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
