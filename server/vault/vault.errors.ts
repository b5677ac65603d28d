import { AppError } from '#server/lib/errors'

/**
 * The vault's backend, or the database with its keys, is out of reach, or this process lacks the key in use. The same
 * call can succeed later. `message` is for whoever called, `cause` for the log.
 */
export class VaultUnavailable extends AppError {
  constructor(cause?: unknown) {
    const definition = { status: 503, title: 'The vault can not be reached.' }
    super('vault.unavailable', definition, { cause, retryAfterSeconds: 5 })
    this.name = 'VaultUnavailable'
  }
}

/**
 * What is stored does not open: it was altered, cut, moved from elsewhere, or is no envelope at all. Nothing of it is
 * ever part of the error.
 */
export class SecretUnreadable extends AppError {
  /** In words for an operator. */
  readonly reason: string

  constructor(reason: string) {
    super('secret.unreadable', { status: 500, title: 'What is kept of this secret can not be opened.' })
    this.name = 'SecretUnreadable'
    this.reason = reason
  }
}
