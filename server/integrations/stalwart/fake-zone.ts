import { randomBytes } from 'node:crypto'

const host = 'mx.mail.example'

/** A key that the fake signs with; it has no private part, since nothing is signed. */
export interface FakeKey {
  type: 'rsa' | 'ed25519'
  selector: string
  publicKey: string
}

/** A public key of the true length: 2048 bits of RSA, 256 of Ed25519, in base64. */
export const newPublicKey = (type: FakeKey['type']): string =>
  randomBytes(type === 'rsa' ? 294 : 32).toString('base64')

/** A DNS record to publish; its name with a dot at its end. */
export interface FakeRecord {
  type: string
  name: string
  content: string
}

/** What Stalwart wants published for a domain; names and targets with a dot at their end. */
export function recordsFor(domain: string, keys: readonly FakeKey[]): FakeRecord[] {
  const txt = (name: string, content: string): FakeRecord => ({ type: 'TXT', name, content })
  const srv = (service: string, port: number): FakeRecord => ({
    type: 'SRV',
    name: `_${service}._tcp.${domain}.`,
    content: `0 1 ${port} ${host}.`,
  })
  return [
    ...keys.map(({ type, selector, publicKey }) =>
      txt(`${selector}._domainkey.${domain}.`, `v=DKIM1; k=${type}; h=sha256; p=${publicKey}`),
    ),
    txt(`${domain}.`, 'v=spf1 mx -all'),
    { type: 'MX', name: `${domain}.`, content: `10 ${host}.` },
    txt(`_dmarc.${domain}.`, `v=DMARC1; p=reject; rua=mailto:postmaster@${domain}`),
    srv('imaps', 993),
    srv('submissions', 465),
    txt(`_smtp._tls.${domain}.`, `v=TLSRPTv1; rua=mailto:postmaster@${domain}`),
    { type: 'CNAME', name: `autoconfig.${domain}.`, content: `${host}.` },
  ]
}

/** The same as 0.16 has it: in BIND's form, long texts in chunks of 255. */
export function zoneOf(records: readonly FakeRecord[]): string {
  return records
    .map(({ type, name, content }) => `${name} IN ${type} ${type === 'TXT' ? quote(content) : content}\n`)
    .join('')
}

function quote(text: string): string {
  const quoted = (part: string) => `"${part.replace(/[\\"]/g, '\\$&')}"`
  if (text.length <= 255) return quoted(text)
  const chunks = text.match(/.{1,255}/g) ?? []
  return `(\n${chunks.map((chunk) => `    ${quoted(chunk)}\n`).join('')})`
}
