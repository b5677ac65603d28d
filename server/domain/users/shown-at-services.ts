import { mostAskedAtOnce } from '#server/provisioning/person'
import type { UserRow } from './users.store'

/** Whether a change is one that outside services see. */
export const showsAtServices = (before: UserRow, after: UserRow) =>
  before.name !== after.name || before.locale !== after.locale

/** Wakes the tenants that were asked for, and goes on with those that were too many for one transaction. */
export async function askOthers(
  scope: { wake(tenantId: string): void },
  first: readonly string[],
  ask: (after: string) => Promise<string[]>,
): Promise<void> {
  for (let asked = first; asked.length > 0;) {
    for (const tenantId of asked) scope.wake(tenantId)
    const last = asked.at(-1)
    asked = asked.length < mostAskedAtOnce || last === undefined ? [] : await ask(last)
  }
}
