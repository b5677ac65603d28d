import type { IncomingMessage, ServerResponse } from 'node:http'
import { z } from 'zod'
import { Fault, type Faults, type OperationId } from './fake-faults.ts'
import type { FakeGroup, FakeGroupRequest } from './fake-groups.ts'
import { readJson, send } from './fake-http.ts'
import type { FakeUser, FakeUserRequest } from './fake-users.ts'

const NewGroup = z.strictObject({
  name: z.string().min(1),
  attributes: z.record(z.string(), z.unknown()).optional(),
  is_superuser: z.boolean().optional(),
})

const NewUser = z.strictObject({
  username: z.string().min(1),
  name: z.string().optional(),
  email: z.string().optional(),
  groups: z.array(z.string()).optional(),
  attributes: z.record(z.string(), z.unknown()).optional(),
})

/** What a test sees of the fake and does to it, besides calling it. */
export interface Controls {
  readonly faults: Faults
  /** All groups, by name. */
  groups(): FakeGroup[]
  /** Puts a group there as somebody else would have, without a call, and even if the name is taken. */
  addGroup(group: FakeGroupRequest): FakeGroup
  /** Changes a group as somebody else would, who is in it too. @throws TypeError where it is not there */
  changeGroup(pk: string, change: Partial<FakeGroupRequest>): void
  removeGroup(pk: string): void
  /** All users, those that came first first. */
  users(): FakeUser[]
  /** Puts a user there as somebody else would have, without a call. */
  addUser(user: FakeUserRequest): FakeUser
  /** Whether the brand has a recovery flow; false at first. */
  setRecoveryFlow(isSet: boolean): void
  /** Calls so far by operation, those that met a fault among them. */
  calls(): Record<OperationId, number>
  /** The most calls that were under way at once. */
  peakConcurrency(): number
  /** Requests, and answers of the fake's own, that did not fit the published schema; in words. */
  violations(): string[]
  /** Forgets groups, users, faults, counts and violations. */
  reset(): void
}

/**
 * Controls the fake from another process. It asks for no token, and is no part of Authentik's API.
 * - `GET /-/state` → 200 `{ groups, users, calls, peakConcurrency, violations, faults }`
 * - `DELETE /-/state` → 204; forgets all of that
 * - `POST /-/faults` with a `Fault` → 201 with all that wait; `DELETE /-/faults` → 204
 * - `POST /-/groups` with `{ name, attributes?, is_superuser? }` → 201; a group made by somebody else
 * - `POST /-/users` with `{ username, name?, email?, groups?, attributes? }` → 201; a user made by somebody else
 *
 * A body that does not fit gets 422 `{ detail }`. Bodies must be application/json, which a page of another
 * origin cannot send here.
 */
export async function answerControl(
  fake: Controls,
  request: IncomingMessage,
  response: ServerResponse,
  path: string,
): Promise<void> {
  const read = await readJson(request)
  if ('refusal' in read) return send(response, read.refusal)
  switch (`${request.method} ${path}`) {
    case 'GET /-/state':
      return send(response, { status: 200, body: stateOf(fake) })
    case 'DELETE /-/state':
      fake.reset()
      return send(response, { status: 204 })
    case 'DELETE /-/faults':
      fake.faults.clear()
      return send(response, { status: 204 })
    case 'POST /-/faults':
      return accept(response, Fault, read.body, (fault) => {
        fake.faults.add(fault)
        return fake.faults.list()
      })
    case 'POST /-/groups':
      return accept(response, NewGroup, read.body, (group) => fake.addGroup(group))
    case 'POST /-/users':
      return accept(response, NewUser, read.body, (user) => fake.addUser(user as FakeUserRequest))
    default:
      return send(response, { status: 404, body: { detail: 'The fake has no such control.' } })
  }
}

function stateOf(fake: Controls) {
  return {
    groups: fake.groups(),
    users: fake.users(),
    calls: fake.calls(),
    peakConcurrency: fake.peakConcurrency(),
    violations: fake.violations(),
    faults: fake.faults.list(),
  }
}

function accept<Schema extends z.ZodType>(
  response: ServerResponse,
  schema: Schema,
  body: unknown,
  apply: (value: z.output<Schema>) => unknown,
): void {
  const parsed = schema.safeParse(body)
  return parsed.success
    ? send(response, { status: 201, body: apply(parsed.data) })
    : send(response, { status: 422, body: { detail: z.prettifyError(parsed.error) } })
}
