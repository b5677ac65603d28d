import type { Resource } from '#server/provisioning/step-planner.port'
import { sha256 } from '#server/lib/ids'
import type { Group } from './wire'

/** Who is in a group, as one thing. @param inside the `pk` of everybody, in any order */
export function membersResource({ pk, name }: Group, inside: readonly number[]): Resource {
  const fingerprint = sha256(JSON.stringify(inside.toSorted((one, other) => one - other)))
  return { kind: 'members', name, externalId: pk, fingerprint }
}
