import { expect, it } from 'vitest'
import {
  connectionFailure,
  connectionFaults,
  connectionSent,
  newConnectionForm,
  type ShownConnection,
} from './connection-form'

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
  const [fault] = connectionFaults(changed, own)
  expect(fault?.message).toContain('the stored one is not sent there')
})

it('puts what the server refuses to its field, too', () => {
  const failure = { status: 422, code: 'connection.address_refused', title: 'This address is not asked.' }
  const at = (path: string, kind: 'token' | 'client') =>
    connectionFailure({ ...failure, errors: [{ path, message: 'No.' }] }, { kind }).errors
  expect(at('apiUrl', 'token')).toEqual([{ path: 'apiUrl', message: 'No.' }])
  expect(at('credential.tokenUrl', 'client')).toEqual([{ path: 'tokenUrl', message: 'No.' }])
  expect(at('credential', 'client')).toEqual([{ path: 'clientSecret', message: 'No.' }])
  expect(at('credential', 'token')).toEqual([{ path: 'token', message: 'No.' }])
  expect(connectionFailure(failure, { kind: 'token' })).toEqual(failure)
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
