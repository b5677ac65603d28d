import { once } from 'node:events'
import { createServer, type AddressInfo, type Socket } from 'node:net'
import { SMTPServer } from 'smtp-server'
import { afterEach, describe, expect, it, vi } from 'vitest'
import type { IntegrationError } from '#server/lib/errors'
import { startMailbox, type Mailbox } from '../../../tests/harness/mailbox'
import { createSmtpMailer, type SmtpOptions } from './client'

const message = { to: 'ada@example.org', subject: 'Grüße', text: 'Hello Ada', html: '<p>Hello Ada</p>' }
const endings: (() => Promise<unknown>)[] = []
afterEach(async () => {
  for (const end of endings.splice(0).reverse()) await end()
})

async function mailbox(options?: Parameters<typeof startMailbox>[0]): Promise<Mailbox> {
  const box = await startMailbox(options)
  endings.push(() => box.stop())
  return box
}

function mailer(url: string, options: Partial<SmtpOptions> = {}) {
  const made = createSmtpMailer({ url, from: 'Portal <portal@example.org>', tls: 'offered', ...options })
  endings.push(() => made.close())
  return made
}

const failureOf = (work: Promise<unknown>): Promise<unknown> =>
  work.then(
    () => expect.fail('it did not fail'),
    (reason: unknown) => reason,
  )

describe('a mailer', () => {
  it('hands a message in, in text and HTML', async () => {
    const box = await mailbox()
    await mailer(box.url).send(message)
    const [mail] = box.mails()
    expect(mail).toMatchObject({ from: 'portal@example.org', to: ['ada@example.org'] })
    expect(mail?.source).toContain('multipart/alternative')
    expect(mail?.source).toContain('Hello Ada')
  })

  it('sends several over one connection at once', async () => {
    const box = await mailbox()
    const one = mailer(box.url)
    await Promise.all(Array.from({ length: 10 }, () => one.send(message)))
    expect(box.mails()).toHaveLength(10)
  })

  it('does not let an address add recipients or headers', async () => {
    const box = await mailbox()
    await mailer(box.url)
      .send({ ...message, to: 'ada@example.org\r\nBcc: eve@example.org', subject: 'Hi\r\nX-Evil: yes' })
      .catch(() => undefined)
    for (const mail of box.mails()) {
      expect(mail.to).not.toContain('eve@example.org')
      expect(mail.source).not.toMatch(/^X-Evil:/m)
    }
  })

  it.each([
    ['a refused recipient', { refuseRecipients: 550 }, 'rejected', false, 'refused the recipient (550).'],
    ['a mailbox that is busy', { refuseRecipients: 451 }, 'unavailable', true, 'the recipient (451).'],
    ['wrong credentials', { login: ['us', 'right'] as const }, 'unauthorized', true, 'our user or password'],
  ])('says in words of its own what is wrong: %s', async (_, options, kind, retryable, words) => {
    const box = await mailbox(options)
    const url = box.url.replace('smtp://', 'smtp://us:wrong-password@')
    const failure = await failureOf(mailer(url).send(message))
    expect(failure).toMatchObject({ service: 'smtp', kind, retryable })
    expect(String(failure)).toContain(words)
    expect(String(failure)).not.toContain('wrong-password')
    expect(String(failure)).not.toContain('ada@example.org')
  })

  it('gives up on a server that says nothing, and on one that is not there', async () => {
    const silent = createServer().listen(0, '127.0.0.1')
    await once(silent, 'listening')
    const { port } = silent.address() as AddressInfo
    endings.push(async () => silent.close())
    const failure = await failureOf(mailer(`smtp://127.0.0.1:${port}`, { timeoutMs: 100 }).send(message))
    expect(failure).toMatchObject({ kind: 'timeout', retryable: true })
    expect(await failureOf(mailer('smtp://127.0.0.1:1').send(message))).toMatchObject({
      kind: 'unreachable',
      retryable: true,
    })
  })
})

/** What a server answers to a command; `cut`: it hangs up; `silent`: it says nothing more. */
type Script = Partial<Record<'greeting' | 'EHLO' | 'MAIL' | 'RCPT' | 'DATA' | 'end', string>>

/** A mail server that answers as it is told, and counts what it was given whole. */
async function scripted(script: Script) {
  let taken = 0
  const open = new Set<Socket>()
  const answers: Script = {
    greeting: '220 hi',
    EHLO: '250 hi',
    MAIL: '250 ok',
    RCPT: '250 ok',
    DATA: '354 go',
  }
  const server = createServer((socket) => {
    const answer = (what: keyof Script) => {
      const said = script[what] ?? answers[what] ?? '250 ok'
      if (said === 'cut') socket.destroy()
      else if (said !== 'silent') socket.write(`${said}\r\n`)
    }
    let isData = false
    let text = ''
    open.add(socket.on('error', () => {}))
    socket.on('data', (part: Buffer) => {
      text += part.toString()
      for (;;) {
        const end = isData ? text.indexOf('\r\n.\r\n') : text.indexOf('\r\n')
        if (end < 0) return
        const line = text.slice(0, end)
        text = text.slice(end + (isData ? 5 : 2))
        if (isData) {
          isData = false
          taken += 1
          answer('end')
        } else if (line === 'DATA') {
          isData = (script.DATA ?? '354').startsWith('354')
          answer('DATA')
        } else {
          const verb = line.slice(0, 4).toUpperCase()
          answer(verb in answers ? (verb as keyof Script) : 'EHLO')
        }
      }
    })
    answer('greeting')
  }).listen(0, '127.0.0.1')
  await once(server, 'listening')
  endings.push(async () => void server.close())
  const { port } = server.address() as AddressInfo
  const drop = () => open.forEach((socket) => socket.destroy())
  return { url: `smtp://127.0.0.1:${port}`, taken: () => taken, drop }
}

describe('what a mail server says', () => {
  it.each([
    [{ RCPT: '550 5.1.1 <ada@example.org>: no' }, 'the recipient: there is no such mailbox (550 5.1.1).'],
    [{ RCPT: '552 5.2.2 full' }, 'refused the recipient: the mailbox is full (552 5.2.2).'],
    [{ RCPT: '550 5.7.26 spf' }, 'refused the recipient: it is against the rules there (550 5.7.26).'],
    [{ RCPT: '550-5.1.10 no\r\n550 5.1.10 mx' }, 'its domain takes no mail (550 5.1.10).'],
    [{ MAIL: '553 5.1.8 who?' }, 'refused our sender address (MAIL_FROM) (553 5.1.8).'],
    [{ DATA: '554 5.6.0 no' }, 'The mail server refused the mail (554 5.6.0).'],
    [{ end: '552 5.3.4 big' }, 'The mail server refused the mail: the message is too large (552 5.3.4).'],
    [{ end: '550 no <ada@example.org>' }, 'The mail server refused the mail (550).'],
  ] satisfies [Script, string][])('%j is final, and said in our words', async (script, words) => {
    const server = await scripted(script)
    const failure = await failureOf(mailer(server.url).send(message))
    expect(failure).toMatchObject({ kind: 'rejected', retryable: false })
    expect(String(failure)).toContain(words)
    expect(String(failure)).not.toContain('ada@')
  })

  it.each([
    [{ greeting: '421 4.3.2 later' }],
    [{ MAIL: '451 4.3.0 later' }],
    [{ RCPT: '450 4.2.0 greylisted' }],
    [{ DATA: '451 later' }],
    [{ end: '451 4.3.0 later' }],
    [{ end: '421 4.3.2 closing' }],
  ] satisfies [Script][])('%j is to be tried again', async (script) => {
    const server = await scripted(script)
    const failure = await failureOf(mailer(server.url).send(message))
    expect(failure).toMatchObject({ kind: 'unavailable', retryable: true })
  })
})

describe('a line that is cut', () => {
  it.each([[{ greeting: 'cut' }], [{ EHLO: 'cut' }], [{ MAIL: 'cut' }], [{ RCPT: 'cut' }]] satisfies [
    Script,
  ][])('before anything of the message was sent is no loss: %j', async (script) => {
    const server = await scripted(script)
    const failure = await failureOf(mailer(server.url).send(message))
    expect(failure).toMatchObject({ kind: 'unreachable', retryable: true })
    expect(server.taken()).toBe(0)
  })

  it.each([[{ end: 'cut' }], [{ end: 'silent' }]] satisfies [Script][])(
    'after all of it was sent leaves nobody knowing, and sends nothing again: %j',
    async (script) => {
      // Enough for a busy machine to connect within.
      const patience = script.end === 'silent' ? { timeoutMs: 700 } : {}
      const server = await scripted(script)
      const failure = await failureOf(mailer(server.url, patience).send(message))
      expect(failure).toMatchObject({ retryable: false })
      expect(['unreachable', 'timeout']).toContain((failure as IntegrationError).kind)
      // A later message of the same mailer takes no unsent one along.
      await failureOf(mailer(server.url, patience).send(message))
      expect(server.taken()).toBe(2)
    },
  )

  it('is made again for the next message', async () => {
    const server = await scripted({})
    const one = mailer(server.url)
    await one.send(message)
    server.drop()
    await one.send(message)
    expect(server.taken()).toBe(2)
  })
})

describe('a secure line', () => {
  /** One that has STARTTLS, with a certificate that nobody vouches for. */
  async function secure() {
    const seen: { secure: boolean; user: string | undefined }[] = []
    const server = new SMTPServer({
      authOptional: true,
      onAuth: ({ username }, _session, done) => done(null, { user: username }),
      onData(stream, session, done) {
        stream.resume()
        stream.on('end', () => {
          seen.push({ secure: session.secure, user: session.user as string | undefined })
          done()
        })
      },
    })
    server.on('error', () => undefined)
    const listener = server.listen(0, '127.0.0.1')
    if (!listener.listening) await once(listener, 'listening')
    endings.push(() => new Promise((resolve) => server.close(() => resolve(undefined))))
    const { port } = listener.address() as AddressInfo
    return { url: `smtp://us:password@127.0.0.1:${port}`, seen }
  }

  it('is asked for where it is required, and nothing is said without it', async () => {
    const heard: string[] = []
    const plain = createServer((socket) => {
      socket.on('error', () => {})
      socket.write('220 hi\r\n')
      socket.on('data', (part: Buffer) => {
        heard.push(part.toString())
        socket.write(/^EHLO/.test(part.toString()) ? '250-hi\r\n250 AUTH PLAIN LOGIN\r\n' : '502 no\r\n')
      })
    }).listen(0, '127.0.0.1')
    await once(plain, 'listening')
    endings.push(async () => void plain.close())
    const { port } = plain.address() as AddressInfo
    const failure = await failureOf(
      mailer(`smtp://us:password@127.0.0.1:${port}`, { tls: 'required' }).send(message),
    )
    expect(failure).toMatchObject({ kind: 'unreachable', retryable: true })
    expect(String(failure)).toContain('No secure connection')
    expect(heard.map((line) => line.split(' ')[0]?.trim())).toEqual(['EHLO', 'STARTTLS'])
  })

  it.each(['required', 'offered'] as const)(
    'is none with a certificate that nobody vouches for: %s',
    async (tls) => {
      const server = await secure()
      expect(await failureOf(mailer(server.url, { tls }).send(message))).toMatchObject({
        kind: 'unreachable',
      })
      expect(server.seen).toEqual([])
    },
  )

  it.each(['required', 'offered'] as const)('carries user and mail where it is there: %s', async (tls) => {
    vi.stubEnv('NODE_TLS_REJECT_UNAUTHORIZED', '0')
    endings.push(async () => void vi.unstubAllEnvs())
    const server = await secure()
    await mailer(server.url, { tls }).send(message)
    expect(server.seen).toEqual([{ secure: true, user: 'us' }])
  })
})
