import type { SqlDriverAdapter } from '@prisma/driver-adapter-utils'

/** One transaction, held against every other process that would migrate, in which the schema engine works. */
export interface MigrationSession {
  /** Everything done through it is part of the transaction, scripts of many statements included. */
  readonly adapter: SqlDriverAdapter
  /** Where it throws, a rollback must follow. */
  commit(): Promise<void>
  /** Leaves the database as it was. */
  rollback(): Promise<void>
}

/** How long to wait while another process migrates. */
export const migrationPatienceSeconds = 60

/** Stands in for the adapter's own: the engine is to work in the transaction that it is given. */
export function refuseTransaction(): Promise<never> {
  return Promise.reject(new Error('The schema engine began a transaction of its own'))
}
