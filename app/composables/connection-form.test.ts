import { expect, it } from 'vitest'
import { connectionFaults, connectionSent, newConnectionForm, type ShownConnection } from './connection-form'

const own: ShownConnection = {
  id: '019e0000-0000-7000-8000-000000000000',
  service: 'authentik',
  apiUrl: 'https://auth.example.org/',
  credential: { kind: 'token', clientId: null, tokenUrl: null },
  testedAt: null,
  testError: null,
  createdAt: '2026-11-30T00:00:00.000Z',
  updatedAt: '2026-11-30T00:00:00.000Z',
}

it('wants a secret of a new connection, and of another address', () => {
  const form = { ...newConnectionForm('authentik'), apiUrl: own.apiUrl }
  expect(connectionFaults(form).map(({ path }) => path)).toEqual(['token'])
  expect(connectionFaults({ ...form, token: 'word' })).toEqual([])
  const changed = { ...newConnectionForm('authentik', own), apiUrl: 'https://other.example.org/' }
  expect(connectionFaults(changed, own).map(({ path }) => path)).toEqual(['token'])
})

it('sends no credential where none was typed', () => {
  const form = newConnectionForm('authentik', own)
  expect(connectionFaults(form, own)).toEqual([])
  expect(connectionSent(form)).toEqual({ apiUrl: own.apiUrl })
  expect(connectionSent({ ...form, token: 'word' }).credential).toEqual({ kind: 'token', token: 'word' })
})

it('puts what the contract refuses to its field', () => {
  const form = {
    ...newConnectionForm('ocis'),
    ...{
      apiUrl: 'https://user:word@files.example.org',
      clientId: '',
      clientSecret: 'two words',
      tokenUrl: 'no',
    },
  }
  expect(new Set(connectionFaults(form).map(({ path }) => path))).toEqual(
    new Set(['apiUrl', 'clientId', 'clientSecret', 'tokenUrl']),
  )
})
