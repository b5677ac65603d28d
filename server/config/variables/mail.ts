import { isIP } from 'node:net'
import { z } from 'zod'
import { note } from './shapes'

const mailFrom = z
  .string()
  .trim()
  .regex(/^[^<>\p{Cc}]*$|^[^<>\p{Cc}]*<[^<>\s]+>$/u, 'must be an address, or Name <address>')
  .refine(
    (text) => z.email().safeParse(/<(.+)>$/.exec(text)?.[1] ?? text).success,
    'must hold one e-mail address',
  )

/** Mail that is sent, and the DNS of mail domains. */
export const mailVariables = {
  SMTP_URL: note(
    z
      .url({ protocol: /^smtps?$/, error: 'must be smtp://… or smtps://…' })
      .refine((text) => !new URL(text).search, 'must have no query')
      .optional(),
    {
      description:
        'Where mail is handed in: `smtp://USER:PASSWORD@HOST:587`, or `smtps://…` for TLS from the start. Absent: no ' +
        'mail is sent, forgotten passwords are not offered, and invitations are links that are handed over.',
      secret: true,
      fallback: 'none',
    },
  ),
  SMTP_TLS: note(z.enum(['required', 'offered'], 'must be required or offered').optional(), {
    description:
      'With `smtp://…`: `required` hands mail and password in over STARTTLS or not at all, `offered` uses it where the ' +
      'server offers it. Certificates are always checked.',
    fallback: '`required` where SMTP_URL has a password, else `offered`',
  }),
  MAIL_FROM: note(mailFrom.optional(), {
    description: 'Who mail comes from: an address, or `Name <address>`. Required with SMTP_URL.',
    fallback: 'none',
  }),
  DNS_RESOLVER: note(
    z
      .string()
      .refine((text) => {
        const [, host = '', port = ''] = /^(.+):(\d{1,5})$/.exec(text) ?? []
        return isIP(host.replace(/^\[(.*)\]$/, '$1')) !== 0 && Number(port) > 0 && Number(port) < 65536
      }, 'must be ADDRESS:PORT')
      .optional(),
    { description: 'The DNS server that domain checks ask, as `address:port`.', fallback: "the system's" },
  ),
}
