import { expect, it } from 'vitest'
import { safeReturnTo } from './return-to'
import { wayIn } from './way-in'

it('tells apart who never had a session, whose session ended and who is disabled', () => {
  expect(wayIn('auth.required', '/account')).toBe('/login?returnTo=%2Faccount')
  expect(wayIn('auth.session_ended', '/account')).toBe('/auth/expired?returnTo=%2Faccount')
  expect(wayIn('auth.user_disabled', '/account')).toBe('/auth/disabled')
  expect(wayIn('auth.required', '/')).toBe('/login')
})

it('leads back to the very place, with its query', () => {
  const from = '/tenants/acme/members?search=a%26b&x=1'
  const { searchParams } = new URL(wayIn('auth.session_ended', from), 'http://portal.invalid')
  expect(safeReturnTo(searchParams.get('returnTo'))).toBe(from)
})
