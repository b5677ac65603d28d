import { once } from 'node:events'
import type { AddressInfo } from 'node:net'
import { SMTPServer } from 'smtp-server'

/** A mail as it was handed in. */
export interface ReceivedMail {
  from: string
  to: string[]
  /** The whole message, headers and encoded parts, as it came. */
  source: string
  /** The text part, decoded. */
  text: string
}

/** A mail server on loopback that keeps what it is given. */
export interface Mailbox {
  /** `smtp://127.0.0.1:PORT` */
  readonly url: string
  mails(): ReceivedMail[]
  /** From now on, answers every recipient with this code; undefined: takes them. */
  refuse(code: number | undefined): void
  /** Forgets what came, and takes every recipient. */
  clear(): void
  /** The newest mail to an address; waits for it. @throws Error where none comes within 10 s */
  newestTo(address: string): Promise<ReceivedMail>
  stop(): Promise<void>
}

interface MailboxOptions {
  /** 0, the default, takes a free one. */
  port?: number
  /** Answers every recipient with this code. */
  refuseRecipients?: number
  /** User and password that are right; absent: nobody signs in. */
  login?: readonly [string, string]
}

export async function startMailbox({
  port: wanted = 0,
  refuseRecipients,
  login,
}: MailboxOptions = {}): Promise<Mailbox> {
  const mails: ReceivedMail[] = []
  let refusal = refuseRecipients
  const arrivals = new EventTarget()
  const server = new SMTPServer({
    disabledCommands: ['STARTTLS', ...(login ? [] : ['AUTH'])],
    authOptional: !login,
    allowInsecureAuth: true,
    onAuth: ({ username, password }, _session, done) =>
      username === login?.[0] && password === login?.[1]
        ? done(null, { user: username })
        : done(new Error('Invalid')),
    onRcptTo: ({ address }, _session, done) =>
      refusal ? done(Object.assign(new Error(`No ${address}`), { responseCode: refusal })) : done(),
    onData(stream, { envelope }, done) {
      const parts: Buffer[] = []
      stream.on('data', (part: Buffer) => parts.push(part))
      stream.on('end', () => {
        const source = Buffer.concat(parts).toString()
        mails.push({
          from: envelope.mailFrom ? envelope.mailFrom.address : '',
          to: envelope.rcptTo.map(({ address }) => address),
          source,
          text: textOf(source),
        })
        arrivals.dispatchEvent(new Event('mail'))
        done()
      })
    },
  })
  server.on('error', () => undefined)
  const listener = server.listen(wanted, '127.0.0.1')
  if (!listener.listening) await once(listener, 'listening')
  const { port } = listener.address() as AddressInfo

  return {
    url: `smtp://127.0.0.1:${port}`,
    mails: () => [...mails],
    refuse: (code) => void (refusal = code),
    clear() {
      mails.length = 0
      refusal = undefined
    },
    async newestTo(address) {
      const signal = AbortSignal.timeout(10_000)
      for (;;) {
        const found = mails.findLast(({ to }) => to.includes(address))
        if (found) return found
        await new Promise<void>((resolve, reject) => {
          arrivals.addEventListener('mail', () => resolve(), { once: true, signal })
          signal.addEventListener('abort', () => reject(new Error(`No mail came to ${address}`)))
        })
      }
    },
    stop: () => new Promise((resolve) => server.close(resolve)),
  }
}

/** The text part of a message as nodemailer writes it. */
function textOf(source: string): string {
  const [, head = '', body = ''] =
    /(Content-Type: text\/plain[\s\S]*?)\r?\n\r?\n([\s\S]*?)(?=\r?\n--|$)/i.exec(source) ?? []
  if (/base64/i.test(head)) return Buffer.from(body, 'base64').toString()
  if (!/quoted-printable/i.test(head)) return body
  const bytes = body
    .replace(/=\r?\n/g, '')
    .replace(/=([0-9A-F]{2})/g, (_, hex: string) => String.fromCharCode(parseInt(hex, 16)))
  return Buffer.from(bytes, 'latin1').toString()
}
