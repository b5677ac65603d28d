import type { DatabaseClient } from './database.port'

/** A job that was taken: nobody else has it, while its process lives. */
export interface TakenJob {
  readonly id: string
  /** How often it was begun before; with the id it names this taking. */
  readonly retryCount: number
  readonly key: string
}

/**
 * Jobs that say no more than "look there". A job may be lost or come twice. Of jobs with the same key and time only
 * one waits, however often it is sent.
 */
export interface Jobs {
  /** Whether jobs can be sent and taken now. Until then sending does nothing. */
  readonly ready: boolean
  /** Connects, and goes on trying by itself; returns at once. */
  start(): void
  /**
   * Sends a job.
   *
   * @param tx the transaction that it is part of; undefined: it is sent by itself
   * @param at not before
   * @throws what the database throws; the transaction is lost then
   */
  send(key: string, options?: { tx?: DatabaseClient; at?: Date }): Promise<void>
  /** Takes jobs, those first that were sent first; of one key, one at a time over all processes. */
  take(limit: number): Promise<TakenJob[]>
  /** A job that was taken is done. */
  finish(job: TakenJob): Promise<void>
  /** Takes and sends nothing more. What was taken and not finished comes again, to whoever is there. */
  close(): Promise<void>
}
