import { isIPv6 } from 'node:net'

/**
 * By what somebody at an address is counted: an IPv4 address by itself, an IPv6 address by its first 64 bits, which are
 * one customer's (RFC 6177), who could come by another of 2^64 addresses each time. Whatever is no address is as it was.
 */
export function networkOf(who: string): string {
  const [address = ''] = who.split('%')
  if (!isIPv6(address)) return who
  // As the URL standard writes it: hexadecimal groups without leading zeros, whatever the form was.
  const groups = new URL(`http://[${address}]`).hostname.slice(1, -1)
  const [head = '', tail] = groups.split('::')
  const [before, after] = [head, tail ?? ''].map((part) => (part ? part.split(':') : []))
  const missing = tail === undefined ? 0 : 8 - (before?.length ?? 0) - (after?.length ?? 0)
  const all = [...(before ?? []), ...Array<string>(missing).fill('0'), ...(after ?? [])]
  return `${all.slice(0, 4).join(':')}::/64`
}
