import { lookup as systemLookup } from 'node:dns/promises'
import { BlockList, isIP } from 'node:net'

/** All addresses of a name, as the system finds them. */
export type FindAddresses = (host: string) => Promise<readonly { address: string; family: number }[]>

export const findAddresses: FindAddresses = (host) => systemLookup(host, { all: true, verbatim: true })

export interface AddressRules {
  /** Whether http, and addresses of private networks and of this machine, may be asked too. */
  readonly allowPrivate: boolean
  readonly find?: FindAddresses | undefined
}

/** Its code tells it from a lost connection. */
export class AddressRefused extends Error {
  readonly code = 'ADDRESS_NOT_PUBLIC'
}

function rangesOf(family: 'ipv4' | 'ipv6', ranges: readonly string[]): BlockList {
  const set = new BlockList()
  for (const range of ranges) {
    const [address = '', bits] = range.split('/')
    set.addSubnet(address, Number(bits), family)
  }
  return set
}

/** Networks of one's own: RFC 1918, RFC 6598, RFC 4193, and the machine itself. */
const private4 = rangesOf('ipv4', [
  ...['10.0.0.0/8', '100.64.0.0/10', '127.0.0.0/8', '172.16.0.0/12', '192.168.0.0/16'],
])
const private6 = rangesOf('ipv6', ['::1/128', 'fc00::/7'])
/** The rest of IANA's special-purpose registry (RFC 6890): never asked. Link-local has the clouds' metadata. */
const special4 = rangesOf('ipv4', [
  ...['0.0.0.0/8', '169.254.0.0/16', '192.0.0.0/24', '192.0.2.0/24', '192.88.99.0/24', '198.18.0.0/15'],
  ...['198.51.100.0/24', '203.0.113.0/24', '224.0.0.0/4', '240.0.0.0/4'],
])
const global6 = rangesOf('ipv6', ['2000::/3'])
/** Within 2000::/3: what stands for an IPv4 address, or for none. */
const special6 = rangesOf('ipv6', ['2001::/23', '2001:db8::/32', '2002::/16', '3fff::/20'])

/** @param address of IPv4 or IPv6, as sockets take it; whatever else is refused */
function mayAsk(address: string, { allowPrivate }: AddressRules): boolean {
  if (address.includes('%')) return false
  switch (isIP(address)) {
    case 4:
      return private4.check(address) ? allowPrivate : !special4.check(address)
    case 6:
      if (private6.check(address, 'ipv6')) return allowPrivate
      return global6.check(address, 'ipv6') && !special6.check(address, 'ipv6')
    default:
      return false
  }
}

/** The addresses of a host, each of which may be asked. @throws AddressRefused; what looking it up throws */
export async function allowedAddresses(host: string, rules: AddressRules) {
  const plain = host.replace(/^\[|\]$/g, '')
  const family = isIP(plain)
  const found = family ? [{ address: plain, family }] : await (rules.find ?? findAddresses)(plain)
  // Of all answers: the next one could be any of them.
  if (found.length === 0 || !found.every(({ address }) => mayAsk(address, rules)))
    throw new AddressRefused('The address is not a public one.')
  return found
}

/** @throws AddressRefused for a scheme that may not be asked */
export function checkScheme({ protocol }: URL, { allowPrivate }: AddressRules): void {
  if (protocol !== 'https:' && !(allowPrivate && protocol === 'http:'))
    throw new AddressRefused('The address is not one of https.')
}

/**
 * Why an address may not be asked, in words for whoever gave it; undefined: it may, as far as it is known now. What it
 * resolves to later is checked when it is asked.
 */
export async function whyRefused(address: string, rules: AddressRules): Promise<string | undefined> {
  const url = new URL(address)
  if (url.protocol !== 'https:' && !rules.allowPrivate) return 'It has to begin with https.'
  try {
    checkScheme(url, rules)
    await allowedAddresses(url.hostname, rules)
    return undefined
  } catch (error) {
    return error instanceof AddressRefused
      ? 'It leads to an address that is not a public one.'
      : 'Its host name does not resolve.'
  }
}
