import type { DatabaseClient } from '#server/storage/database'

/** A tenant that is to be looked at. */
export interface QueuedTenant {
  readonly tenantId: string
  /**
   * To be called once, when it was looked at, or will not be: it is looked at again when something of it is due.
   *
   * @throws what the database throws; it comes again by itself then
   */
  done(): Promise<void>
}

/** How much waits. */
export interface QueueDepth {
  /** Tenants that could be worked on now, and that nobody works on. */
  readonly tenants: number
  /** Since when the first of them waits. */
  readonly oldestAt: Date | null
}

/**
 * Says "look at this tenant", and nothing else: what is to be done is in the rows of its steps. So a message may be
 * lost, and may come twice.
 */
export interface TenantQueue {
  /** Says it with the transaction that asks, however often it is asked. */
  ask(tx: DatabaseClient, tenantId: string): Promise<void>
  /**
   * Takes tenants, those first that wait longest.
   *
   * @param free how many can be worked on at once
   * @param ahead how many are of use at most, where taking them keeps them from nobody
   * @returns `nextAt`: when to look again, where it is known
   */
  take(free: number, ahead: number): Promise<{ due: QueuedTenant[]; nextAt: Date | undefined }>
  depth(): Promise<QueueDepth>
}
