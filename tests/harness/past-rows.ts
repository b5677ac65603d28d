import { audit } from './past-rows/audit'
import { machines } from './past-rows/machines'
import type { PastRow } from './past-rows/past-row'
import { peopleAndTenants } from './past-rows/people-and-tenants'
import { provisioning } from './past-rows/provisioning'
import { signIn } from './past-rows/sign-in'

export { pastId, type PastRow } from './past-rows/past-row'

/** A row of every table at least, each before those that refer to it. */
export const pastRows: readonly PastRow[] = [
  ...peopleAndTenants,
  ...signIn,
  ...provisioning,
  ...machines,
  ...audit,
]
