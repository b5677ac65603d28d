import type { IncomingMessage, ServerResponse } from 'node:http'
import { z } from 'zod'
import { faultSchema, type Faults } from './faults.ts'
import { readJson, send, type BodyRefusals, type FakeAnswer } from './http.ts'

/** What every fake lets a test see and do, besides calling it. */
export interface Controlled<Id extends string = string> {
  readonly faults: Faults<Id>
  /** Calls so far by operation, those that met a fault among them. */
  calls(): Record<Id, number>
  /** The most calls that were under way at once. */
  peakConcurrency(): number
  /** Requests, and answers of the fake's own, that did not fit the published schema; in words. */
  violations(): string[]
  /** Forgets everything, faults too. */
  reset(): void
}

/** What can be done to a fake by one method and path: with the body that fits, or without one. */
export type Control = (body: unknown) => FakeAnswer

/** How a service refuses, in the form of its own. */
export interface ControlRefusals extends BodyRefusals {
  unfit(words: string): FakeAnswer
  unknown(): FakeAnswer
}

/** Does something that has no answer: 204. */
export const act =
  (work: () => void): Control =>
  () => {
    work()
    return { status: 204 }
  }

/** Takes a body that fits the schema: 201 with what came of it; 422 where it does not fit, or can't be. */
export function accept<Schema extends z.ZodType>(
  schema: Schema,
  refusals: ControlRefusals,
  work: (value: z.output<Schema>) => unknown,
): Control {
  return (body) => {
    const parsed = schema.safeParse(body)
    if (!parsed.success) return refusals.unfit(z.prettifyError(parsed.error))
    try {
      return { status: 201, body: work(parsed.data) ?? {} }
    } catch (error) {
      return refusals.unfit(error instanceof Error ? error.message : 'It can’t be.')
    }
  }
}

/**
 * Controls a fake from another process. It asks for no token, and is no part of the service's interface.
 * - `GET /-/state` → 200 with what `state` gives, and calls, peakConcurrency, violations, faults
 * - `DELETE /-/state` → 204; forgets all of that
 * - `POST /-/faults` with a `Fault` → 201 with all that wait; `DELETE /-/faults` → 204
 * - and each of `controls`, by `METHOD /-/path`
 *
 * A body that does not fit gets 422. Bodies must be application/json, which a page of another origin cannot send here.
 */
export function createControl<Id extends string>(
  fake: Controlled<Id>,
  options: {
    refusals: ControlRefusals
    state: () => object
    controls: Record<string, Control>
  },
) {
  const { refusals, state } = options
  const controls: Record<string, Control> = {
    'GET /-/state': () => ({
      status: 200,
      body: {
        ...state(),
        calls: fake.calls(),
        peakConcurrency: fake.peakConcurrency(),
        violations: fake.violations(),
        faults: fake.faults.list(),
      },
    }),
    'DELETE /-/state': act(() => fake.reset()),
    'DELETE /-/faults': act(() => fake.faults.clear()),
    'POST /-/faults': accept(faultSchema(fake.faults.operationIds), refusals, (fault) => {
      fake.faults.add(fault)
      return fake.faults.list()
    }),
    ...options.controls,
  }
  return async (request: IncomingMessage, response: ServerResponse, path: string): Promise<void> => {
    const read = await readJson(request, refusals)
    if ('refusal' in read) return send(response, read.refusal)
    const control = controls[`${request.method} ${path}`] ?? (() => refusals.unknown())
    send(response, control(read.body))
  }
}
