/** Hears what is published on one channel. */
export type SignalListener = (payload: string) => void

/**
 * Wakes others: in this process, and on PostgreSQL in every other that uses the same database.
 * A signal may be lost or come twice, so it says "look there", and carries nothing that is not in the database.
 */
export interface Signals {
  /**
   * Tells every listener, soon; returns at once, and never fails.
   *
   * @param payload at most 7,000 bytes of text, such as an id
   */
  publish(channel: string, payload: string): void
  /** @returns ends the subscription */
  subscribe(channel: string, listener: SignalListener): () => void
  /** Publishes and hears nothing more. */
  close(): Promise<void>
}
