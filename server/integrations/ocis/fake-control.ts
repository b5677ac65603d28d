import type { IncomingMessage, ServerResponse } from 'node:http'
import { z } from 'zod'
import { graphError } from './fake-answers.ts'
import type { FakeDrive, FakeDriveRequest, FakeGrant } from './fake-drives.ts'
import { Fault, type Faults, type OperationId } from './fake-faults.ts'
import { readJson, send } from './fake-http.ts'
import type { FakeGroup, FakeUser, FakeUserRequest } from './fake-people.ts'

const NewDrive = z.strictObject({
  name: z.string().min(1),
  description: z.string().optional(),
  total: z.int().min(0).optional(),
  used: z.int().min(0).optional(),
  isDisabled: z.boolean().optional(),
  isOurs: z.boolean().optional(),
})
const DriveChange = z.strictObject({
  id: z.string(),
  name: z.string().optional(),
  description: z.string().optional(),
  total: z.int().min(0).optional(),
  used: z.int().min(0).optional(),
  isDisabled: z.boolean().optional(),
})
const NewUser = z.strictObject({
  mail: z.string(),
  displayName: z.string().optional(),
  userType: z.enum(['Member', 'Guest', 'Federated']).optional(),
})
const NewGrant = z.strictObject({
  driveId: z.string(),
  kind: z.enum(['user', 'group', 'link']),
  holderId: z.string(),
  roles: z.array(z.string()),
})
type NewGrant = z.output<typeof NewGrant>

/** What a test sees of the fake and does to it, besides calling it. */
export interface Controls {
  readonly faults: Faults
  /** All project spaces, oldest first. */
  drives(): FakeDrive[]
  /** Puts a space there as somebody else would have, without a call. */
  addDrive(drive: FakeDriveRequest): FakeDrive
  /** Changes a space by hand, or its usage as files would. @throws TypeError if it is not there */
  changeDrive(id: string, change: Partial<Omit<FakeDrive, 'id' | 'grants'>>): void
  /** All accounts but the service account's. */
  users(): FakeUser[]
  /** Puts an account there as a first sign-in would. */
  addUser(user: FakeUserRequest): FakeUser
  removeUser(id: string): void
  addGroup(displayName: string): FakeGroup
  /** Lets somebody into a space by hand. @throws TypeError if it is not there */
  grant(grant: NewGrant): FakeGrant
  /** Calls so far by operation, those that met a fault among them. */
  calls(): Record<OperationId, number>
  /** The most calls that were under way at once. */
  peakConcurrency(): number
  /** Requests, and answers of the fake's own, that did not fit the published schema; in words. */
  violations(): string[]
  /** Ends every token that was issued. */
  revokeTokens(): void
  /** Forgets spaces, accounts, faults, counts and violations. */
  reset(): void
}

/**
 * Controls the fake from another process. It asks for no token, and is no part of LibreGraph.
 * - `GET /-/state` → 200 `{ drives, users, calls, peakConcurrency, violations, faults }`
 * - `DELETE /-/state` → 204; forgets all of that
 * - `POST /-/faults` with a `Fault` → 201 with all that wait; `DELETE /-/faults` → 204
 * - `POST /-/drives`, `/-/users`, `/-/grants` → 201; made by somebody else
 * - `PATCH /-/drives` with `{ id, … }` → 201; changed by hand
 * - `DELETE /-/tokens` → 204; every token that was issued ends
 *
 * A body that does not fit gets 422. Bodies must be application/json, which a page of another origin cannot send here.
 */
export async function answerControl(
  fake: Controls,
  request: IncomingMessage,
  response: ServerResponse,
  path: string,
): Promise<void> {
  const read = await readJson(request)
  if ('refusal' in read) return send(response, read.refusal)
  const { body } = read
  const done = (act: () => void) => {
    act()
    send(response, { status: 204 })
  }
  switch (`${request.method} ${path}`) {
    case 'GET /-/state':
      return send(response, { status: 200, body: stateOf(fake) })
    case 'DELETE /-/state':
      return done(() => fake.reset())
    case 'DELETE /-/faults':
      return done(() => fake.faults.clear())
    case 'DELETE /-/tokens':
      return done(() => fake.revokeTokens())
    case 'POST /-/faults':
      return accept(response, Fault, body, (fault) => {
        fake.faults.add(fault)
        return fake.faults.list()
      })
    case 'POST /-/drives':
      return accept(response, NewDrive, body, (drive) => fake.addDrive(drive))
    case 'PATCH /-/drives':
      return accept(response, DriveChange, body, ({ id, ...change }) => {
        const given = Object.entries(change).filter(([, value]) => value !== undefined)
        fake.changeDrive(id, Object.fromEntries(given))
      })
    case 'POST /-/users':
      return accept(response, NewUser, body, (user) => fake.addUser(user))
    case 'POST /-/grants':
      return accept(response, NewGrant, body, (grant) => fake.grant(grant))
    default:
      return send(response, graphError(404, 'itemNotFound', 'The fake has no such control.'))
  }
}

function stateOf(fake: Controls) {
  return {
    drives: fake.drives(),
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
  if (!parsed.success) {
    return send(response, graphError(422, 'invalidRequest', z.prettifyError(parsed.error)))
  }
  try {
    send(response, { status: 201, body: apply(parsed.data) ?? {} })
  } catch (error) {
    if (!(error instanceof TypeError)) throw error
    send(response, graphError(422, 'invalidRequest', error.message))
  }
}
