import { BlockList, isIP } from 'node:net'
import { z } from 'zod'

/** An IP address, or a range in CIDR notation such as `10.0.0.0/8` (RFC 4632). */
export const addressRange = z.string().refine((text) => {
  const [address = '', bits, ...rest] = text.split('/')
  const version = isIP(address)
  if (!version || rest.length) return false
  return bits === undefined || (/^\d{1,3}$/.test(bits) && Number(bits) <= (version === 4 ? 32 : 128))
}, 'must hold IP addresses or ranges such as 10.0.0.0/8')

/** A set of addresses from their texts, each of the form of `addressRange`. */
export function addressSet(ranges: readonly string[]): BlockList {
  const set = new BlockList()
  for (const range of ranges) {
    const [address = '', bits] = range.split('/')
    const family = isIP(address) === 6 ? 'ipv6' : 'ipv4'
    if (bits === undefined) set.addAddress(address, family)
    else set.addSubnet(address, Number(bits), family)
  }
  return set
}
