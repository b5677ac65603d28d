import type { ControlRefusals } from '../fakes/control.ts'
import type { FakeAnswer } from '../fakes/http.ts'

export type { FakeAnswer }

/** Stalwart's problem (RFC 7807). */
export const problem = (status: number, title: string, detail: string, type = 'about:blank'): FakeAnswer => ({
  status,
  body: { type, status, title, detail },
  headers: { 'content-type': 'application/problem+json' },
})

/** How Stalwart refuses a body, and the fake what is asked of its control. */
export const refusals: ControlRefusals = {
  mediaType: (type) => problem(415, 'Unsupported Media Type', `Not ${type.slice(0, 100)}.`),
  notJson: () => problem(400, 'Not JSON', 'The request is no JSON.', 'urn:ietf:params:jmap:error:notJSON'),
  unfit: (words) => problem(422, 'Unfit', words),
  unknown: () => problem(404, 'Not Found', 'The fake has no such control.'),
}
