import { describe, expect, it } from 'vitest'
import { addressSet } from '#server/config/addresses'
import { clientAddress } from './device'
import { refuseForeignCalls } from './csrf'
import { loggedPath } from './logged-path'
import { etagOf, isKnownToClient, versionFromIfMatch } from './preconditions'
import { requestIdFrom } from './request-id'
import { routesAt } from './route-inventory'

describe('refuseForeignCalls', () => {
  const publicOrigin = 'https://portal.example.org'
  const call =
    (given: { method?: string; origin?: string; fetchSite?: string; withCookie?: boolean }) => () =>
      refuseForeignCalls({
        method: 'POST',
        origin: undefined,
        fetchSite: undefined,
        withCookie: true,
        publicOrigin,
        ...given,
      })

  it.each([
    ['reading', { method: 'GET', origin: 'https://evil.example' }],
    ["the portal's own origin", { origin: publicOrigin }],
    ['the same origin by fetch metadata', { fetchSite: 'same-origin', origin: 'https://other-name.example' }],
    ['a program without a cookie', { withCookie: false }],
  ])('lets through %s', (_, given) => {
    expect(call(given)).not.toThrow()
  })

  it.each([
    ['another origin', { origin: 'https://evil.example' }],
    ['a look-alike', { origin: 'https://portal.example.org.evil.example' }],
    ['an opaque origin', { origin: 'null' }],
    ['another port', { origin: 'https://portal.example.org:8443' }],
    ['a sibling site', { fetchSite: 'same-site' }],
    ['a cookie that shows nothing', {}],
    ['another origin without a cookie', { origin: 'https://evil.example', withCookie: false }],
    ['a foreign page without an origin', { fetchSite: 'cross-site', withCookie: false }],
  ])('refuses %s', (_, given) => {
    expect(call(given)).toThrow(expect.objectContaining({ code: 'csrf.refused', status: 403 }))
  })
})

describe('clientAddress', () => {
  const proxies = addressSet(['10.0.0.0/8', '::1'])
  it.each([
    ['192.0.2.1', undefined, '192.0.2.1'],
    ['192.0.2.1', '203.0.113.9', '192.0.2.1'],
    ['10.0.0.1', '203.0.113.9', '203.0.113.9'],
    ['::ffff:10.0.0.1', '203.0.113.9', '203.0.113.9'],
    ['10.0.0.1', '198.51.100.7, 203.0.113.9, 10.0.0.2', '203.0.113.9'],
    ['::1', '2001:db8::1', '2001:db8::1'],
    ['10.0.0.1', 'not an address', '10.0.0.1'],
    ['10.0.0.1', '', '10.0.0.1'],
  ])('from %s with X-Forwarded-For %s is %s', (peer, forwarded, expected) => {
    expect(clientAddress(peer, forwarded, proxies)).toBe(expected)
  })
})

describe('loggedPath', () => {
  it('holds neither a query nor a token', () => {
    expect(loggedPath('/api/tenants/acme?search=secret')).toBe('/api/tenants/acme')
    expect(loggedPath(`/api/invitations/${'t'.repeat(43)}/accept`)).toBe('/api/invitations/…/accept')
  })
})

describe('requestIdFrom', () => {
  it('takes over a sane token', () => expect(requestIdFrom('trace-1.2_3')).toBe('trace-1.2_3'))
  it.each([undefined, '', 'a b', 'x'.repeat(129), 'line\nbreak', '"quoted"'])(
    'makes its own for %j',
    (header) => {
      expect(requestIdFrom(header)).toMatch(/^[0-9a-f-]{36}$/)
    },
  )
})

describe('preconditions', () => {
  it('reads the version of If-Match', () => {
    expect(versionFromIfMatch(etagOf(7, { name: 'Acme' }))).toBe(7)
    expect(versionFromIfMatch('*')).toBeUndefined()
    expect(versionFromIfMatch(undefined)).toBeUndefined()
  })
  it.each(['7', '"7"', 'W/"7.0123456789abcdef"', '"x"', '"7.0123456789abcdef", "8.0123456789abcdef"'])(
    'refuses %s',
    (header) => {
      expect(() => versionFromIfMatch(header)).toThrow(
        expect.objectContaining({ code: 'precondition.malformed' }),
      )
    },
  )
  it('knows a tag again, weak or strong', () => {
    expect(isKnownToClient('W/"7"', '"7"')).toBe(true)
    expect(isKnownToClient('"6", "7"', '"7"')).toBe(true)
    expect(isKnownToClient('"6"', '"7"')).toBe(false)
    expect(isKnownToClient(undefined, '"7"')).toBe(false)
  })
})

describe('routesAt', () => {
  const load = () => Promise.reject(new Error('not to be loaded'))
  const routes = [
    { method: 'PATCH', path: '/api/tenants/:slug', load },
    { method: 'GET', path: '/api/tenants/:slug', load },
    { method: 'GET', path: '/api/tenants', load },
  ]
  it('finds what an address fits', () => {
    expect(routesAt(routes, '/api/tenants/acme')).toEqual(routes.slice(0, 2))
    expect(routesAt(routes, '/api/tenants')).toEqual(routes.slice(2))
    expect(routesAt(routes, '/api/elsewhere')).toEqual([])
  })
})
