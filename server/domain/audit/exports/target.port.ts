/** A place outside that statements of the audit go to. */
export interface ExportTarget {
  /**
   * Brings one statement there. It may have come before: the place is to take one of a number once, or both.
   *
   * @param statement a compact JWS
   * @throws Error in words for an operator, without secrets, where it may not have arrived
   */
  deliver(statement: string, sequence: number): Promise<void>
  /** What was delivered, oldest first; absent where it can't be read back from here. */
  read?(): AsyncIterable<string>
}
