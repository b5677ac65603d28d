/**
 * Addresses that belong to a domain's keepers (RFC 2142), that certificate authorities write to, or that look like a
 * machine's: nobody is given one.
 */
const reserved = new Set([
  ...['postmaster', 'abuse', 'admin', 'administrator', 'root', 'hostmaster', 'webmaster', 'noc', 'security'],
  ...[
    'mailer-daemon',
    'daemon',
    'nobody',
    'noreply',
    'no-reply',
    'donotreply',
    'bounce',
    'bounces',
    'system',
  ],
  ...[
    'ssladmin',
    'ssl-admin',
    'ssladministrator',
    'sslwebmaster',
    'sysadmin',
    'info',
    'support',
    'www',
    'ftp',
  ],
  ...[
    'usenet',
    'news',
    'uucp',
    'mail',
    'autoconfig',
    'autodiscover',
    'dmarc',
    'tlsrpt',
    'list',
    'lists',
    'all',
  ],
])
/** RFC 5321 section 4.5.3.1.1 allows 64; there is room for a number. */
const longest = 56
const nameless = 'member'

interface Person {
  email: string | null
  name: string
}

/** Whether somebody's address is on one of the tenant's domains, so that its local part is theirs before others'. */
export function isAtHome({ email }: Person, domains: readonly string[]): boolean {
  return email !== null && domains.includes(email.slice(email.lastIndexOf('@') + 1))
}

/**
 * What somebody's mailbox is called where nobody has the name: the local part of their address; where that can't be,
 * their name; where that can't be either, `member`. Never a reserved one.
 */
export function mailboxBase({ email, name }: Person): string {
  const local = email?.slice(0, email.lastIndexOf('@')).replace(/\+.*$/, '')
  const names = [local, name].map((text) => plainLocal(text ?? ''))
  return names.find((text) => text !== '' && !reserved.has(text)) ?? nameless
}

/** A mailbox's name that nobody has: the base, or with the first number behind it, from 2. */
export function freeMailbox(base: string, taken: ReadonlySet<string>): string {
  if (!taken.has(base)) return base
  for (let number = 2; ; number += 1) if (!taken.has(`${base}${number}`)) return `${base}${number}`
}

/** Letters without accents, digits, and single `.`, `-` and `_` between them. */
function plainLocal(text: string): string {
  return text
    .normalize('NFKD')
    .replace(/\p{M}/gu, '')
    .toLowerCase()
    .replace(/[^a-z0-9._-]+/g, '.')
    .replace(/[._-]*\.[._-]*/g, '.')
    .slice(0, longest)
    .replace(/^[._-]+|[._-]+$/g, '')
}
