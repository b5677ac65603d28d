import { describe, expect, it } from 'vitest'
import { failureAt, ownWords, type Failure } from './failure'

const taken: Failure = { status: 409, code: 'vault.handle_taken', title: 'It is taken.', detail: 'By you.' }

describe('a failure that is about one field', () => {
  it('is put there, in words of the form’s own or of the server’s', () => {
    const at = (message: string) => ({ ...taken, errors: [{ path: 'handle', message }] })
    expect(failureAt(taken, 'handle', { 'vault.handle_taken': 'Taken.' })).toEqual(at('Taken.'))
    expect(failureAt(taken, 'handle', { 'vault.handle_taken': ownWords })).toEqual(at('It is taken. By you.'))
    const { detail: _, ...short } = taken
    expect(failureAt(short, 'handle', { 'vault.handle_taken': ownWords })).toMatchObject({
      errors: [{ message: 'It is taken.' }],
    })
  })

  it('stays as it is where it is about something else', () => {
    expect(failureAt(taken, 'handle', { 'vault.too_many': 'Too many.' })).toBe(taken)
    expect(failureAt({ ...taken, code: 'toString' }, 'handle', {})).toEqual({ ...taken, code: 'toString' })
    expect(failureAt(undefined, 'handle', { 'vault.handle_taken': ownWords })).toBeUndefined()
  })
})
