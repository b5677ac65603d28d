import { createTransport } from 'nodemailer'
import type { Mailer } from '#server/domain/mail/mailer.port'
import { IntegrationError, type IntegrationFailure } from '#server/lib/errors'

/** Where mail is handed in, and in whose name. */
export interface SmtpOptions {
  /** `smtp://` (STARTTLS where it is offered) or `smtps://`, with user and password where they are needed. */
  url: string
  /** An address, or `Name <address>`. */
  from: string
  /** For connecting, for its greeting and for each answer. Default 10,000. */
  timeoutMs?: number
}

/**
 * Sends mail over SMTP (RFC 5321). Connections are kept for a while and made again after every loss.
 * Nothing of a message is read from a file or an address.
 */
export function createSmtpMailer({ url, from, timeoutMs = 10_000 }: SmtpOptions): Mailer {
  const transport = createTransport(
    {
      url,
      pool: true,
      maxConnections: 2,
      connectionTimeout: timeoutMs,
      greetingTimeout: timeoutMs,
      socketTimeout: timeoutMs,
      disableFileAccess: true,
      disableUrlAccess: true,
    },
    { from },
  )
  return {
    async send({ to, subject, text, html }) {
      try {
        await transport.sendMail({ to: { name: '', address: to }, subject, text, html })
      } catch (error) {
        throw failureOf(error)
      }
    },
    close: () => Promise.resolve(transport.close()),
  }
}

const kinds: Readonly<Record<string, [IntegrationFailure, string]>> = {
  EAUTH: ['unauthorized', 'The mail server refused our user or password.'],
  ENOAUTH: ['unauthorized', 'The mail server wants a user and a password.'],
  ETIMEDOUT: ['timeout', 'The mail server was silent for too long.'],
  EENVELOPE: ['rejected', 'The mail server refused the sender or the recipient.'],
  EMESSAGE: ['rejected', 'The mail server refused the message.'],
  ETLS: ['unreachable', 'No secure connection to the mail server came about.'],
  EPROTOCOL: ['contract', 'The mail server answered what is not SMTP.'],
}

/** In words of our own: the server's may repeat what it was sent. */
function failureOf(error: unknown): IntegrationError {
  const code = String((error as { code?: unknown }).code)
  const status = Number((error as { responseCode?: unknown }).responseCode)
  const [kind, message] = kinds[code] ?? ['unreachable', 'The mail server is out of reach.']
  // 4yz: try again later (RFC 5321 section 4.2.1).
  const isLater = status >= 400 && status < 500
  const isFinal = kind === 'rejected' && !isLater
  return new IntegrationError({
    service: 'smtp',
    kind: isLater ? 'unavailable' : kind,
    message: Number.isInteger(status) ? `${message} It answered ${status}.` : message,
    retryable: !isFinal && isSurelyUnsent(error as Partial<SendFailure>),
  })
}

interface SendFailure {
  message: string
  code: string
  responseCode: number
  /** Of Node's own failure beneath. */
  syscall: string
}

/** Whether the mail server certainly did not take the message: it said so, or was never reached. */
function isSurelyUnsent({ message, code, responseCode, syscall }: Partial<SendFailure>): boolean {
  const isNeverReached = syscall === 'connect' || syscall === 'getaddrinfo' || code === 'EDNS'
  const isBeforeSending = ['EAUTH', 'ENOAUTH', 'ETLS', 'ECONNREFUSED'].includes(code ?? '')
  const isNeverGreeted = /^(Connection timeout|Greeting never received)/.test(message ?? '')
  return Number.isInteger(responseCode) || isNeverReached || isBeforeSending || isNeverGreeted
}
