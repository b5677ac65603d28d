import { IntegrationError, type IntegrationFailure } from '#server/lib/errors'

/** What is read of nodemailer's error. */
interface SendFailure {
  code: string
  message: string
  /** What was asked when it failed, such as `RCPT TO`; `API`: nothing was. */
  command: string
  /** What the server said. */
  response: string
  responseCode: number
  /** Of Node's own failure beneath. */
  syscall: string
}

const kinds: Readonly<Record<string, [IntegrationFailure, string]>> = {
  EAUTH: ['unauthorized', 'The mail server refused our user or password'],
  ENOAUTH: ['unauthorized', 'The mail server wants a user and a password'],
  ETIMEDOUT: ['timeout', 'The mail server was silent for too long'],
  EENVELOPE: ['rejected', 'The mail server refused the mail'],
  EMESSAGE: ['rejected', 'The mail server refused the mail'],
  ETLS: ['unreachable', 'No secure connection to the mail server came about'],
  EPROTOCOL: ['contract', 'The mail server answered what is not SMTP'],
}
const unknown: [IntegrationFailure, string] = ['unreachable', 'The mail server is out of reach']

const refusedAt: Readonly<Record<string, string>> = {
  API: 'It is no address that mail can be sent to',
  'MAIL FROM': 'The mail server refused our sender address (MAIL_FROM)',
  'RCPT TO': 'The mail server refused the recipient',
}

/** Why, by the enhanced status code without its class (RFC 3463 section 3). */
const reasons: Readonly<Record<string, string>> = {
  '1.0': 'the address is not right',
  '1.1': 'there is no such mailbox',
  '1.2': 'there is no such mail domain',
  '1.3': 'the address is not right',
  '1.10': 'its domain takes no mail',
  '2.1': 'the mailbox is switched off',
  '2.2': 'the mailbox is full',
  '2.3': 'the message is too large',
  '3.4': 'the message is too large',
  '4.2': 'the connection was bad',
  '7.1': 'it may not be sent there',
}
const bySubject: Readonly<Record<string, string>> = { '7': 'it is against the rules there' }

/**
 * What sending failed for, in words of our own: the server's may repeat what it was sent.
 *
 * @param isSent whether anything of the message was, so that the server may have taken it
 */
export function failureOf(error: unknown, isSent: boolean): IntegrationError {
  const { code = '', command = '', responseCode, response } = error as Partial<SendFailure>
  const status = Number.isInteger(responseCode) ? Number(responseCode) : undefined
  const [kind, words] = kinds[code] ?? unknown
  // 4yz: try again later (RFC 5321 section 4.2.1).
  const isLater = status !== undefined && status >= 400 && status < 500
  const isFinal = kind === 'rejected' && !isLater
  const what = (code === 'EENVELOPE' && refusedAt[command]) || words
  return new IntegrationError({
    service: 'smtp',
    kind: isLater && kind !== 'unauthorized' ? 'unavailable' : kind,
    message: `${what}${status === undefined ? '.' : reasonOf(status, response)}`,
    // Where the server said no, it certainly did not take it.
    retryable: !isFinal && (status !== undefined || !isSent || isNeverReached(error as Partial<SendFailure>)),
  })
}

function reasonOf(status: number, response = ''): string {
  const [, enhanced = '', detail = '', subject = ''] =
    /^\d{3}[ -]([245]\.((\d{1,3})\.\d{1,3}))\b/.exec(response) ?? []
  const reason = reasons[detail] ?? bySubject[subject]
  return `${reason ? `: ${reason}` : ''} (${[status, enhanced].filter(Boolean).join(' ')}).`
}

/** Whether there was no conversation at all. */
function isNeverReached({ message, code, syscall }: Partial<SendFailure>): boolean {
  const isRefused = ['EAUTH', 'ENOAUTH', 'ETLS', 'ECONNREFUSED', 'EDNS'].includes(code ?? '')
  const isNeverGreeted = /^(Connection timeout|Greeting never received)/.test(message ?? '')
  return isRefused || syscall === 'connect' || syscall === 'getaddrinfo' || isNeverGreeted
}
