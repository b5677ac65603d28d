import { z } from 'zod'
import { accept, act, createControl, type Controlled } from '../fakes/control.ts'
import { refusals } from './fake-answers.ts'
import type { FakeDrive, FakeDriveRequest, FakeGrant } from './fake-drives.ts'
import type { OperationId } from './fake-operations.ts'
import type { FakeAppToken } from './fake-tokens.ts'
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
export interface Controls extends Controlled<OperationId> {
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
  /** App tokens that were made, of whatever account, those too that are over or whose account is gone. */
  appTokens(): FakeAppToken[]
  addGroup(displayName: string): FakeGroup
  /** Lets somebody into a space by hand. @throws TypeError if it is not there */
  grant(grant: NewGrant): FakeGrant
  /** Ends every token that was issued. */
  revokeTokens(): void
}

/**
 * Controls the fake from another process, as `createControl` says; its state holds `drives` and `users`.
 * - `POST /-/drives`, `/-/users`, `/-/grants` → 201; made by somebody else
 * - `PATCH /-/drives` with `{ id, … }` → 201; changed by hand
 * - `DELETE /-/tokens` → 204; every token that was issued ends
 */
export function controlOf(fake: Controls) {
  return createControl(fake, {
    refusals,
    state: () => ({ drives: fake.drives(), users: fake.users() }),
    controls: {
      'DELETE /-/tokens': act(() => fake.revokeTokens()),
      'POST /-/drives': accept(NewDrive, refusals, (drive) => fake.addDrive(drive)),
      'PATCH /-/drives': accept(DriveChange, refusals, ({ id, ...change }) => {
        const given = Object.entries(change).filter(([, value]) => value !== undefined)
        fake.changeDrive(id, Object.fromEntries(given))
      }),
      'POST /-/users': accept(NewUser, refusals, (user) => fake.addUser(user)),
      'POST /-/grants': accept(NewGrant, refusals, (grant) => fake.grant(grant)),
    },
  })
}
