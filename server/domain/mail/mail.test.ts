import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { createSmtpMailer } from '#server/integrations/smtp/client'
import { startMailbox, type Mailbox } from '../../../tests/harness/mailbox'
import {
  invitationMail,
  passwordChangedMail,
  passwordReplacedMail,
  passwordResetMail,
  secondFactorResetMail,
} from './mail'

const sender = { portalName: 'Acme Workspace', origin: 'https://portal.example.org' }
const ada = { email: 'ada@example.org', locale: null }
const at = new Date('2026-11-25T15:30:00Z')
const url = 'https://portal.example.org/invitation#a-token_of-43-characters'
const invitation = { tenantName: 'Acme', role: 'admin', invitedBy: 'Olga', url, expiresAt: at } as const
const unlinked = '\u200b'

describe('a message', () => {
  it('says who asks for what, until when, and where, in text and in HTML alike', () => {
    const { to, subject, text, html } = invitationMail(sender, ada, invitation)
    expect(to).toBe('ada@example.org')
    expect(subject).toBe('Your invitation to Acme')
    for (const part of [text, html])
      for (const words of [
        'Olga',
        'an admin',
        'Acme Workspace',
        '25 November 2026 at 15:30 UTC',
        url,
        sender.origin,
      ])
        expect(part).toContain(words)
    expect(html).toContain('<html lang="en">')
  })

  it.each(['de', 'de-AT', 'DE'])('is in German for the language tag %s', (locale) => {
    const { subject, text, html } = invitationMail(sender, { ...ada, locale }, invitation)
    expect(subject).toBe('Ihre Einladung zu Acme')
    expect(text).toContain('25. November 2026')
    expect(html).toContain('<html lang="de">')
  })

  it.each(['en', 'fr', 'den'])('is in English for the language tag %s', (locale) => {
    expect(passwordChangedMail(sender, { ...ada, locale }, { at }).subject).toMatch(/^Your password/)
  })

  it('does without the name of somebody who is gone', () => {
    const { text } = invitationMail(sender, ada, { ...invitation, invitedBy: null })
    expect(text).toContain('Somebody invites you')
    expect(text).not.toContain('null')
  })

  it('holds the way to a new password, and how long it lasts', () => {
    const { subject, text, html } = passwordResetMail(sender, ada, { url, validMinutes: 30 })
    expect(subject).toBe('Choose a new password for Acme Workspace')
    for (const part of [text, html]) {
      expect(part).toContain(url)
      expect(part).toContain('within 30 minutes')
    }
  })

  it('tells of a changed password without a link that could be imitated', () => {
    const { text, html } = passwordChangedMail(sender, ada, { at })
    expect(text).toContain('25 November 2026 at 15:30 UTC')
    expect(html).not.toContain('<a ')
  })
})

describe('a message of what an operator did to an account', () => {
  const when = { en: '25 November 2026 at 15:30 UTC', de: '25. November 2026' }
  it.each([
    ['en', secondFactorResetMail, 'Your second step for Acme Workspace was removed', when.en],
    ['de', secondFactorResetMail, 'Ihr zweiter Schritt für Acme Workspace wurde entfernt', when.de],
    ['en', passwordReplacedMail, 'Your password for Acme Workspace was replaced', when.en],
    ['de', passwordReplacedMail, 'Ihr Passwort für Acme Workspace wurde ersetzt', when.de],
  ])('says in %s when, what to do, and holds no link: %o', (locale, write, subject, when) => {
    const mail = write(sender, { ...ada, locale }, { at })
    expect(mail.subject).toBe(subject)
    for (const part of [mail.text, mail.html]) expect(part).toContain(when)
    expect(mail.html).not.toContain('<a ')
  })
})

describe('what somebody else wrote', () => {
  const hostile = `</h1><img src=x onerror="alert(1)">'&`

  it('is text and no markup', () => {
    const { html } = invitationMail({ ...sender, portalName: hostile }, ada, {
      ...invitation,
      tenantName: hostile,
      invitedBy: hostile,
      url: 'https://portal.example.org/"><script>',
    })
    expect(html).not.toContain('<img')
    expect(html).not.toContain('<script')
    expect(html).toContain('href="https://portal.example.org/&#34;&#62;&#60;script&#62;"')
    expect(html.match(/<h1/g)).toHaveLength(1)
  })

  it('begins no line of the subject, and turns no words around', () => {
    const tenantName = 'A\r\nBcc: eve@example.org\u2028\u0000\u202egro.live'
    const { subject } = invitationMail(sender, ada, { ...invitation, tenantName })
    expect(subject).not.toMatch(/[\p{Cc}\p{Zl}\u202e]/u)
    expect(subject).toContain('A Bcc:')
  })

  it('is no address that a mail program makes a link of', () => {
    const { text, html, subject } = invitationMail(sender, ada, {
      ...invitation,
      tenantName: 'Win at https://evil.example/now',
      invitedBy: 'boss@evil.example',
    })
    for (const part of [text, html, subject]) expect(part).not.toMatch(/evil\.example|https:\/\/evil/)
    expect(text).toContain(`boss@${unlinked}evil.${unlinked}example`)
  })

  it('is cut where it is longer than any name', () => {
    const { subject } = invitationMail(sender, ada, { ...invitation, tenantName: 'a'.repeat(5000) })
    expect(subject.length).toBeLessThan(250)
  })
})

describe('over the wire', () => {
  let mailbox: Mailbox
  beforeAll(async () => {
    mailbox = await startMailbox()
  })
  afterAll(() => mailbox.stop())

  it('arrives with its link whole', async () => {
    const mailer = createSmtpMailer({ url: mailbox.url, tls: 'offered', from: 'Portal <portal@example.org>' })
    const long = `https://portal.example.org/invitation#${'aB3_-'.repeat(20)}`
    await mailer.send(invitationMail(sender, ada, { ...invitation, invitedBy: 'Zoë Ünal', url: long }))
    await mailer.close()
    const mail = await mailbox.newestTo('ada@example.org')
    expect(mail.text).toContain(long)
    expect(mail.text).toContain('Zoë Ünal')
  })
})
