import type { Readable } from 'node:stream'
import { createTransport } from 'nodemailer'
import type { Mailer } from '#server/domain/mail/mailer.port'
import { failureOf } from './failure'

/** Where mail is handed in, and in whose name. */
export interface SmtpOptions {
  /** `smtp://` or `smtps://`, with user and password where they are needed. */
  url: string
  /** An address, or `Name <address>`. */
  from: string
  /**
   * Of `smtp://`. `required`: nothing is said before STARTTLS, no password either, and nothing at all without it.
   * `offered`: it is used where the server has it; who sits between can hide that. A certificate is always checked.
   */
  tls: 'required' | 'offered'
  /** For connecting and for its greeting; for each answer three times as long. Default 10,000. */
  timeoutMs?: number
}

/** A server may look through a message before it answers, and what it then took is not to be sent again. */
const patience = 3

/**
 * Sends mail over SMTP (RFC 5321). Connections are kept for a while and made again after every loss; a message of
 * which anything was sent is never sent again. Nothing of one is read from a file or an address.
 */
export function createSmtpMailer({ url, from, tls, timeoutMs = 10_000 }: SmtpOptions): Mailer {
  const transport = createTransport(
    {
      url,
      requireTLS: tls === 'required',
      pool: true,
      maxConnections: 2,
      connectionTimeout: timeoutMs,
      greetingTimeout: timeoutMs,
      socketTimeout: timeoutMs * patience,
      disableFileAccess: true,
      disableUrlAccess: true,
    },
    { from },
  )
  /** Of each message under way, what it is read from while it is sent; another for each connection that it meets. */
  const sources = new WeakMap<object, Readable[]>()
  transport.use('stream', ({ data, message }, done) => {
    const read = message.createReadStream.bind(message)
    const opened = sources.get(data.headers as object)
    message.createReadStream = (...options) => {
      const source = read(...options)
      opened?.push(source)
      return source
    }
    done()
  })

  return {
    async send({ to, subject, text, html }) {
      const headers = {}
      const opened: Readable[] = []
      sources.set(headers, opened)
      try {
        await transport.sendMail({ to: { name: '', address: to }, subject, text, html, headers })
      } catch (error) {
        throw failureOf(
          error,
          opened.some((source) => source.readableDidRead),
        )
      }
    },
    close: () => Promise.resolve(transport.close()),
  }
}
