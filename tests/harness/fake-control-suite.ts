import { describe, expect, it, vi } from 'vitest'
import type { Controlled } from '#server/integrations/fakes/control'

/** What this suite does with a fake, whatever service that stands in for. */
export interface GivenFake<Id extends string> {
  /** That of the test which runs; anew for each. */
  fake(): Controlled<Id> & { readonly url: string; stop(): Promise<void> }
  /** Calls it as somebody whom it lets in. `headers` in place of those of JSON. */
  call(
    method: string,
    path: string,
    body?: unknown,
    headers?: Record<string, string>,
  ): Promise<{ status: number; body: unknown }>
  /** What it lists at a path, and what a POST of a body makes there. */
  at: { path: string; lists: Id; makes: Id; body: object }
  /** What the fake does not perform. */
  notPerformed: string
  /** Who sends a wrong token is answered with it. */
  whereRefused: number
}

/** What every fake lets a test measure, and what lets another process control it. */
export function itIsAControlledFake<Id extends string>({ fake, call, at, ...given }: GivenFake<Id>): void {
  const { path, lists, makes } = at

  describe('the fake measures', () => {
    it('calls by operation, and how many were under way at once', async () => {
      await call('POST', path, at.body)
      fake().faults.add({ kind: 'hang', times: 'always' })
      const hanging = Promise.allSettled([call('GET', path), call('GET', path), call('GET', path)])
      await vi.waitFor(() => expect(fake().calls()[lists]).toBe(3))
      expect(fake().calls()[makes]).toBe(1)
      expect(fake().peakConcurrency()).toBe(3)
      fake().reset()
      expect([fake().calls()[lists], fake().calls()[makes]]).toEqual([0, 0])
      await fake().stop()
      expect(await hanging).toMatchObject([1, 2, 3].map(() => ({ status: 'rejected' })))
    })
  })

  describe('the fake is controlled from outside', () => {
    it('with faults, in their order, aimed at an operation', async () => {
      await call('POST', '/-/faults', { kind: 'answer', status: 500, operation: makes })
      const added = await call('POST', '/-/faults', { kind: 'answer', status: 503, body: 'full', times: 2 })
      expect(added).toMatchObject({
        status: 201,
        body: [
          { status: 500, times: 1 },
          { status: 503, times: 2 },
        ],
      })
      const statuses: number[] = []
      for (const method of ['GET', 'POST', 'POST', 'POST']) {
        const response = await fetch(fake().url + path, { method, headers: { authorization: 'Bearer x' } })
        statuses.push(response.status)
        await response.arrayBuffer()
      }
      expect(statuses).toEqual([503, 500, 503, given.whereRefused])
    })

    it.each([
      { kind: 'explode' },
      { kind: 'drop', when: 'later' },
      { kind: 'hang', operation: given.notPerformed },
      { kind: 'delay', ms: 1, times: 0 },
      { kind: 'delay', ms: 1, tiems: 2 },
    ])('but not with %o', async (fault) => {
      expect(await call('POST', '/-/faults', fault)).toMatchObject({ status: 422 })
      expect(fake().faults.list()).toEqual([])
    })

    it('until faults and state are forgotten', async () => {
      await call('POST', '/-/faults', { kind: 'hang', operation: lists })
      await call('POST', path, at.body)
      expect(await call('GET', '/-/state')).toMatchObject({
        status: 200,
        body: { faults: [{ kind: 'hang' }], violations: [], peakConcurrency: 1 },
      })
      expect(await call('DELETE', '/-/faults')).toMatchObject({ status: 204, body: undefined })
      expect(fake().faults.list()).toEqual([])
      expect(await call('DELETE', '/-/state')).toMatchObject({ status: 204, body: undefined })
      expect(fake().calls()[makes]).toBe(0)
      expect(await call('GET', '/-/nothing')).toMatchObject({ status: 404 })
    })

    it('not by a form of another page', async () => {
      const sent = await call('POST', '/-/faults', '{"kind":"hang"}', { 'content-type': 'text/plain' })
      expect(sent).toMatchObject({ status: 415 })
      expect(fake().faults.list()).toEqual([])
    })
  })
}
