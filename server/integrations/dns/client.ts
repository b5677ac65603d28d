import { Resolver as NodeResolver } from 'node:dns/promises'
import { lowerAscii } from '#server/lib/ascii'
import type { LookUp, LookUpFailure, LookUpType, Resolver } from '#server/domain/domains/resolver.port'

/** More than any name has whose records somebody keeps in order. */
const mostValues = 100
const mostCharacters = 32_768

export interface ResolverOptions {
  /** `address:port` of the server that is asked; undefined: those of the system. */
  server: string | undefined
  /** For one look-up with all its attempts. Default 4,000. */
  timeoutMs?: number
}

/**
 * Asks the configured DNS server, over UDP and where an answer was cut over TCP. Nothing is kept between look-ups: what
 * the server itself keeps in its cache is all that is old.
 */
export function createResolver({ server, timeoutMs = 4_000 }: ResolverOptions): Resolver {
  return {
    async lookUp(name, type) {
      // One of its own for each look-up: it keeps no answers, and cancelling it ends nothing else.
      const resolver = new NodeResolver({ timeout: Math.ceil(timeoutMs / 4), tries: 2 })
      if (server !== undefined) resolver.setServers([server])
      const timer = setTimeout(() => resolver.cancel(), timeoutMs)
      try {
        return read(await ask(resolver, name, type))
      } catch (error) {
        return failureOf(error)
      } finally {
        clearTimeout(timer)
      }
    },
  }
}

async function ask(resolver: NodeResolver, name: string, type: LookUpType): Promise<string[]> {
  switch (type) {
    case 'TXT':
      return (await resolver.resolveTxt(name)).map((strings) => strings.join(''))
    case 'MX':
      return (await resolver.resolveMx(name)).map(({ priority, exchange }) => `${priority} ${host(exchange)}`)
    case 'SRV':
      return (await resolver.resolveSrv(name)).map(
        ({ priority, weight, port, name: target }) => `${priority} ${weight} ${port} ${host(target)}`,
      )
    case 'CNAME':
      return (await resolver.resolveCname(name)).map(host)
    case 'A':
      return resolver.resolve4(name)
    case 'AAAA':
      return resolver.resolve6(name)
    case 'CAA':
      return (await resolver.resolveCaa(name)).map(({ critical, ...rest }) => {
        // Node names the property by its tag, and adds the record's own type.
        const [tag = '', value = ''] = Object.entries(rest).find(([key]) => key !== 'type') ?? []
        return `${critical} ${tag} "${value}"`
      })
    case 'TLSA':
      return (await resolver.resolveTlsa(name)).map(
        ({ certUsage, selector, match, data }) =>
          `${certUsage} ${selector} ${match} ${Buffer.from(data).toString('hex')}`,
      )
  }
}

/** A record can hold any byte, of which PostgreSQL takes no NUL and a terminal too much. */
const printable = (value: string) => value.replace(/\p{Cc}/gu, '\ufffd')
const host = (name: string) => lowerAscii(name).replace(/\.$/, '')

function read(found: string[]): LookUp {
  const values = found.map(printable)
  if (values.length === 0) return { kind: 'none' }
  const characters = values.reduce((sum, value) => sum + value.length, 0)
  if (values.length > mostValues || characters > mostCharacters)
    return { kind: 'failed', reason: 'too_large' }
  return { kind: 'found', values }
}

/** By the codes of c-ares. What is not known is never taken for an answer. */
const failures: Readonly<Record<string, LookUpFailure>> = {
  ETIMEOUT: 'timeout',
  ECANCELLED: 'timeout',
  ESERVFAIL: 'unavailable',
  EREFUSED: 'unavailable',
  ENOTIMP: 'unavailable',
  ECONNREFUSED: 'unreachable',
}

function failureOf(error: unknown): LookUp {
  const code = error instanceof Error && 'code' in error ? String(error.code) : ''
  if (code === 'ENOTFOUND' || code === 'ENODATA') return { kind: 'none' }
  return { kind: 'failed', reason: failures[code] ?? 'malformed' }
}
