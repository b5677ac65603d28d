/** A message to one person. */
export interface Message {
  /** One address. */
  to: string
  /** One line. */
  subject: string
  text: string
  /** A whole document; what is not ours in it is escaped. */
  html: string
}

/** Sends mail. Implemented by server/integrations/smtp. */
export interface Mailer {
  /**
   * Hands a message to the mail server, which has accepted it when this resolves.
   *
   * @throws IntegrationError (service `smtp`) where it does not; its words hold neither message nor credentials.
   *   `retryable` where it certainly was not taken, and waiting can help: not where nobody knows
   */
  send(message: Message): Promise<void>
  /** Ends every connection. */
  close(): Promise<void>
}
