/** A DNS record that the mail server wants to be published. */
export interface WantedRecord {
  /** Such as `MX`, `TXT`, `SRV`, `CNAME`, `TLSA` or `CAA`. */
  readonly type: string
  /** Fully qualified, without the dot at its end. */
  readonly name: string
  readonly value: string
}

/** The mail server, as far as DNS goes. */
export interface MailRecords {
  /**
   * @param domain in lower case, as A-labels
   * @returns none where the mail server has no such domain (yet)
   * @throws IntegrationError
   */
  recordsOf(domain: string, signal: AbortSignal): Promise<readonly WantedRecord[]>
}
