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
