import { describe, expect, it } from 'vitest'
import { safeReturnTo } from './return-to'

describe('safeReturnTo', () => {
  it.each([
    ['/', '/'],
    ['/tenants/acme/members?search=a#top', '/tenants/acme/members?search=a#top'],
    ['/operator/users?search=a%2Fb', '/operator/users?search=a%2Fb'],
    [['/account', '/other'], '/account'],
  ])('keeps the portal’s own path %j', (wanted, path) => {
    expect(safeReturnTo(wanted)).toBe(path)
  })

  it.each([
    undefined,
    null,
    '',
    42,
    'account',
    'https://evil.example/',
    '//evil.example/',
    '/\\evil.example/',
    '/\t/evil.example',
    '/a\\..\\evil',
    '/.//evil.example',
    '/x/..//evil.example',
    'javascript:alert(1)',
    '/\n/evil.example',
    '/%2F/evil.example',
    '/%2f%2fevil.example',
    '/%5Cevil.example',
    '/%255cevil.example',
    '/%09/evil.example',
    '/a%0d%0aSet-Cookie:x=y',
    '/%2e%2e//evil.example',
    '/.%2e/%2e.//evil.example',
    '/x/%2E%2E//evil.example',
    '/\u0000/evil.example',
    '/\ud800/evil.example',
    ' //evil.example',
    '\u2028//evil.example',
    '\uff0f\uff0fevil.example',
    ['//evil.example', '/account'],
    { toString: () => '/account' },
  ])('takes %j to the home', (wanted) => {
    expect(safeReturnTo(wanted)).toBe('/')
  })

  it.each(['/login', '/login?returnTo=/login', '/setup', '/api/me', '/auth/oidc/login', '/x/../login'])(
    'does not lead back to %s',
    (wanted) => {
      expect(safeReturnTo(wanted)).toBe('/')
    },
  )
})
