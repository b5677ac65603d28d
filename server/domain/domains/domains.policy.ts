import { isIP } from 'node:net'
import { domainToASCII, domainToUnicode } from 'node:url'
import { parse } from 'tldts'

/** How long a claim can be verified: seven days. */
export const claimSeconds = 604_800
/** How many domains a tenant has at most, with those that it only claims. */
export const mostDomains = 50

/** Names of networks at home and of machines (RFC 6761, RFC 6762, RFC 7686, RFC 8375, RFC 9476), and what is used as such. */
const localNames = new Set([
  ...['localhost', 'localdomain', 'local', 'lan', 'home', 'intranet', 'internal', 'private', 'corp'],
  ...['invalid', 'onion', 'alt', 'arpa'],
])
const label = /^[a-z0-9](?:[a-z0-9-]{0,61}[a-z0-9])?$/
/** Beyond these a name is no name: no port, path, user or encoding is read out of it. */
const written = /^[\p{L}\p{M}\p{N}.\-\u3002\uff0e\uff61]+$/u

export type ParsedName = { name: string; refusal?: undefined } | { name?: undefined; refusal: string }

/**
 * The name of a mail domain out of what somebody wrote: in lower case, A-labels.
 *
 * @param portalHost where the portal itself is
 * @returns `refusal`: why it can't be one, in words for who wrote it
 */
export function parseDomainName(text: string, portalHost: string): ParsedName {
  const trimmed = text.trim().replace(/\.$/, '')
  if (isIP(trimmed.replace(/^\[(.*)\]$/, '$1'))) return { refusal: 'This is an IP address, not a domain.' }
  if (trimmed.includes('@')) return { refusal: 'This is an e-mail address. Write what is behind the @.' }
  const ascii = written.test(trimmed) ? domainToASCII(trimmed.toLowerCase()) : ''
  if (!isName(ascii)) return { refusal: 'This is not a domain name. One looks like example.org.' }
  if (isIP(ascii) || /^[0-9]+$/.test(ascii.slice(ascii.lastIndexOf('.') + 1)))
    return { refusal: 'This is an IP address, not a domain.' }
  const suffix = ascii.slice(ascii.lastIndexOf('.') + 1)
  if (localNames.has(suffix)) return { refusal: 'This name is for local networks: no mail can reach it.' }
  const { domain } = parse(ascii, { allowPrivateDomains: true })
  if (!domain) return { refusal: 'Under this name many others have their domains. Write your own in full.' }
  if (ascii === portalHost.toLowerCase()) return { refusal: 'This is the address of the portal itself.' }
  return { name: ascii }
}

function isName(ascii: string): boolean {
  const labels = ascii.split('.')
  if (ascii.length > 253 || labels.length < 2 || !labels.every((part) => label.test(part))) return false
  // An A-label that stands for nothing (RFC 5890 section 2.3.2.1).
  return !/(^|\.)xn--/.test(domainToUnicode(ascii)) && domainToUnicode(ascii) !== ''
}

/** The domains above a name, without the public suffix: of `a.b.example.org` `b.example.org` and `example.org`. */
export function parentsOf(name: string): string[] {
  const { domain } = parse(name, { allowPrivateDomains: true })
  const parents: string[] = []
  for (let rest = name; domain && rest !== domain && rest.includes('.');) {
    rest = rest.slice(rest.indexOf('.') + 1)
    parents.push(rest)
  }
  return parents
}

/** What has to be published to show whose a domain is. */
export function challengeRecord({ name, challenge }: { name: string; challenge: string }) {
  return {
    type: 'TXT' as const,
    name: `_tenantry-challenge.${name}`,
    value: `tenantry-verification=${challenge}`,
  }
}
