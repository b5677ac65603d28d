import { z } from 'zod'
import { accept, createControl, type Controlled, type ControlRefusals } from '../fakes/control.ts'
import type { FakeGroup, FakeGroupRequest } from './fake-groups.ts'
import type { OperationId } from './fake-operations.ts'
import type { FakeToken } from './fake-tokens.ts'
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
export interface Controls extends Controlled<OperationId> {
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
  /** All tokens. */
  tokens(): FakeToken[]
  /** As whom tokens are made, whoever they name, as where the caller may not make those of others; undefined: as asked. */
  setTokenMaker(pk: number | undefined): void
  /** How long app passwords may last at most, in milliseconds; without it for ever. */
  setTokenLimit(milliseconds: number): void
  /** Takes another token, and the one before no more. */
  changeToken(token: string): void
  /** What it says that its version is. */
  setVersion(version: string): void
  /** Whether the brand has a recovery flow; false at first. */
  setRecoveryFlow(isSet: boolean): void
}

const detail = (status: number, words: string) => ({ status, body: { detail: words } })

/** How Authentik refuses a body, and the fake what is asked of its control. */
export const refusals: ControlRefusals = {
  mediaType: (type) => detail(415, `Unsupported media type "${type}" in request.`),
  notJson: () => detail(400, 'JSON parse error'),
  unfit: (words) => detail(422, words),
  unknown: () => detail(404, 'The fake has no such control.'),
}

/**
 * Controls the fake from another process, as `createControl` says; its state holds `groups` and `users`.
 * - `POST /-/groups` with `{ name, attributes?, is_superuser? }` → 201; a group made by somebody else
 * - `POST /-/users` with `{ username, name?, email?, groups?, attributes? }` → 201; a user made by somebody else
 */
export function controlOf(fake: Controls) {
  return createControl(fake, {
    refusals,
    state: () => ({ groups: fake.groups(), users: fake.users() }),
    controls: {
      'POST /-/groups': accept(NewGroup, refusals, (group) => fake.addGroup(group)),
      'POST /-/users': accept(NewUser, refusals, (user) => fake.addUser(user as FakeUserRequest)),
    },
  })
}
