import type { Call } from './caller'

/** A request that carries JSON, or nothing. */
export interface JsonRequest {
  url: string
  method: 'GET' | 'POST' | 'PATCH' | 'DELETE'
  headers: Record<string, string>
  body?: unknown
}

/** How a request of JSON is sent. */
export function sendJson(fetch: typeof globalThis.fetch, request: JsonRequest): Call<never>['send'] {
  const { url, method, headers, body } = request
  const type = body === undefined ? undefined : { 'content-type': 'application/json' }
  return (init) =>
    fetch(url, {
      ...init,
      method,
      headers: { accept: 'application/json', ...type, ...headers },
      ...(body === undefined ? {} : { body: JSON.stringify(body) }),
    })
}

/**
 * The address of a service, taken as it is meant: an origin, or the path below which it is served.
 *
 * @returns without a slash at its end
 * @throws TypeError for one that is none, or that holds a user, a password, a query or a fragment; it repeats nothing
 */
export function serviceAddress(name: string, address: string): string {
  const url = URL.canParse(address) ? new URL(address) : undefined
  const isPlain = url && /^https?:$/.test(url.protocol) && !url.username && !url.password
  if (!isPlain || url.search || url.hash)
    throw new TypeError(`the address of ${name} is not an http(s) origin`)
  return url.origin + url.pathname.replace(/\/+$/, '')
}
