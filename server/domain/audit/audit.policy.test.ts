import { expect, it } from 'vitest'
import { keptOf, withheld } from './audit.policy'

it('withholds what belongs to a person, and keeps that something was there or not', () => {
  expect(keptOf('user', 'name', 'Ada Lovelace')).toBe(withheld)
  expect(keptOf('invitation', 'email', 'ada@example.org')).toBe(withheld)
  expect(keptOf('user', 'email', null)).toBeNull()
  expect(keptOf('portal', 'name', 'Ada')).toBe(withheld)
})

it('withholds an address in whatever field it comes', () => {
  expect(keptOf('tenant', 'contact', 'ada@example.org')).toBe(withheld)
  expect(keptOf('user', 'subjectOfProvider', 'ada@mail.example.org')).toBe(withheld)
})

it('keeps what says nothing of a person', () => {
  expect(keptOf('tenant', 'name', 'Acme')).toBe('Acme')
  expect(keptOf('user', 'platformRole', 'operator')).toBe('operator')
  expect(keptOf('user', 'locale', 'de')).toBe('de')
  expect(keptOf('session', 'count', 3)).toBe(3)
  expect(keptOf('settings', 'portalName', 'Acme @ Home')).toBe('Acme @ Home')
})
