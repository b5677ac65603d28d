import { isIP, type BlockList } from 'node:net'
import type { H3Event } from 'h3'
import type { SessionDevice } from '#server/auth/sessions/sessions'
import type { SignInOrigin } from '#server/auth/sign-in/sign-in'
import { sessionToken } from './cookies'

const plainIpv4 = (address: string) => address.replace(/^::ffff:(?=\d+\.)/i, '')

/**
 * The address that a request comes from. X-Forwarded-For counts only as far as it was written by trusted proxies:
 * from its end, the first address that is none of them.
 *
 * @returns undefined where the connection has no address, as within the process
 */
export function clientAddress(
  peer: string | undefined,
  forwardedFor: string | undefined,
  trustedProxies: BlockList,
): string | undefined {
  if (!peer) return undefined
  const trusted = (address: string) => trustedProxies.check(address, isIP(address) === 6 ? 'ipv6' : 'ipv4')
  let address = plainIpv4(peer)
  const hops = (forwardedFor ?? '').split(',').map((hop) => plainIpv4(hop.trim()))
  while (trusted(address)) {
    const hop = hops.pop()
    if (!hop || !isIP(hop)) break
    address = hop
  }
  return address
}

/** What is noted of the browser that signs in. */
export function deviceOf(event: H3Event): SessionDevice {
  const { headers, socket } = event.node.req
  const forwardedFor = headers['x-forwarded-for']
  const forwarded = Array.isArray(forwardedFor) ? forwardedFor.join(',') : forwardedFor
  const address = clientAddress(
    socket.remoteAddress,
    forwarded,
    event.context.container.config.trustedProxies,
  )
  const userAgent = headers['user-agent']?.replace(/[^\x20-\x7e]/g, '').slice(0, 256)
  return { userAgent: userAgent || null, address: address ?? null }
}

/** Where an attempt to sign in comes from, with the session that the browser had before. */
export function originOf(event: H3Event): SignInOrigin {
  return { device: deviceOf(event), formerToken: sessionToken(event) }
}
