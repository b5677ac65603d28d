import { expect, it } from 'vitest'
import { freeMailbox, isAtHome, mailboxBase } from './mailboxes.policy'

it.each([
  ['ada@acme.example', 'Ada Lovelace', 'ada'],
  ['ada.lovelace@else.example', 'Ada', 'ada.lovelace'],
  ['ada+news@acme.example', 'Ada', 'ada'],
  ['o’brien@acme.example', 'X', 'o.brien'],
  ['josé@acme.example', 'José', 'jose'],
  ['..--x--..@acme.example', 'X', 'x'],
  ['"a b@c"@acme.example', 'X', 'a.b.c'],
  [null, 'Ada  Lovelace', 'ada.lovelace'],
  ['postmaster@acme.example', 'Ada Lovelace', 'ada.lovelace'],
  ['admin@acme.example', 'Root', 'member'],
  ['+@acme.example', '中村', 'member'],
  [null, '../../etc', 'etc'],
  [`${'a'.repeat(64)}@acme.example`, 'Long', 'a'.repeat(56)],
])('%s, %s: %s', (email, name, mailbox) => {
  expect(mailboxBase({ email, name })).toBe(mailbox)
})

it('counts where a name is taken', () => {
  expect(freeMailbox('ada', new Set())).toBe('ada')
  expect(freeMailbox('ada', new Set(['ada']))).toBe('ada2')
  expect(freeMailbox('ada', new Set(['ada', 'ada2', 'ada4']))).toBe('ada3')
})

it('knows who is at home', () => {
  const domains = ['acme.example']
  expect(isAtHome({ email: 'ada@acme.example', name: '' }, domains)).toBe(true)
  expect(isAtHome({ email: 'ada@sub.acme.example', name: '' }, domains)).toBe(false)
  expect(isAtHome({ email: null, name: '' }, domains)).toBe(false)
})
