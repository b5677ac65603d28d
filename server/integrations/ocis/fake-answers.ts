import { randomUUID } from 'node:crypto'
import type { ControlRefusals } from '../fakes/control.ts'
import type { FakeAnswer } from '../fakes/http.ts'
import type { Operation } from './fake-schema.ts'

export type { FakeAnswer }

/** A request that passed the schema. */
export interface FakeRequest {
  path: Operation['path']
  query: Record<string, unknown>
  body: Record<string, unknown>
  headers: Record<string, string | undefined>
}

/** What the service account may do: `none` is an account without a role. */
export type FakeRole = 'admin' | 'spaceAdmin' | 'user' | 'none'

export const ok = (body: unknown, status = 200): FakeAnswer => ({ status, body })
export const noContent: FakeAnswer = { status: 204 }

/** What Go's `http.Error` makes. */
export const inWords = (status: number, words: string): FakeAnswer => ({
  ...{ status, body: `${words}\n` },
  headers: { 'content-type': 'text/plain; charset=utf-8' },
})

/** An error in LibreGraph's own form. */
export function graphError(status: number, code: string, message: string): FakeAnswer {
  const innererror = { date: new Date().toISOString(), 'request-id': `fake/${randomUUID().slice(0, 8)}` }
  return { status, body: { error: { code, message, innererror } } }
}

export const badRequest = (message: string) => graphError(400, 'invalidRequest', message)
export const driveNotFound = () => graphError(404, 'itemNotFound', 'drive not found')

/** How LibreGraph refuses a body, and the fake what is asked of its control. */
export const refusals: ControlRefusals = {
  mediaType: (type) => ({ ...badRequest(`unsupported media type ${type}`), status: 415 }),
  notJson: () => badRequest('invalid request body'),
  unfit: (words) => graphError(422, 'invalidRequest', words),
  unknown: () => graphError(404, 'itemNotFound', 'The fake has no such control.'),
}

/** Go's strconv.ParseBool, by which headers are read. */
export function parseBool(value: string | undefined): boolean {
  return ['1', 't', 'T', 'TRUE', 'true', 'True'].includes(value ?? '')
}
