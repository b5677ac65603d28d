import { once } from 'node:events'
import { createServer, type AddressInfo } from 'node:net'
import { afterEach, describe, expect, it } from 'vitest'
import { startMailbox, type Mailbox } from '../../../tests/harness/mailbox'
import { createSmtpMailer } from './client'

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

function mailer(url: string, timeoutMs?: number) {
  const made = createSmtpMailer({ url, from: 'Portal <portal@example.org>', ...(timeoutMs && { timeoutMs }) })
  endings.push(() => made.close())
  return made
}

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
    ['a refused recipient', { refuseRecipients: 550 }, { kind: 'rejected', retryable: false }],
    ['a mailbox that is busy', { refuseRecipients: 451 }, { kind: 'unavailable', retryable: true }],
    ['wrong credentials', { login: ['us', 'right'] as const }, { kind: 'unauthorized' }],
  ])('says in words of its own what is wrong: %s', async (_, options, expected) => {
    const box = await mailbox(options)
    const url = box.url.replace('smtp://', 'smtp://us:wrong-password@')
    const failure: unknown = await mailer(url)
      .send(message)
      .catch((error: unknown) => error)
    expect(failure).toMatchObject({ service: 'smtp', ...expected })
    expect(String(failure)).not.toContain('wrong-password')
    expect(String(failure)).not.toContain('ada@example.org')
  })

  it('gives up on a server that says nothing, and on one that is not there', async () => {
    const silent = createServer().listen(0, '127.0.0.1')
    await once(silent, 'listening')
    const { port } = silent.address() as AddressInfo
    endings.push(async () => silent.close())
    await expect(mailer(`smtp://127.0.0.1:${port}`, 100).send(message)).rejects.toMatchObject({
      kind: 'timeout',
    })
    await expect(mailer('smtp://127.0.0.1:1').send(message)).rejects.toMatchObject({ kind: 'unreachable' })
  })
})
