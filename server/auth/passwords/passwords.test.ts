import { needsRehash } from 'argon2'
import { describe, expect, it } from 'vitest'
import { AppError } from '#server/lib/errors'
import { createPasswords, owaspParameters } from './passwords'

const strong = 'correct horse battery staple'
const context = { path: 'password', about: ['olga@example.org', 'Olga Operator'] }

describe('createPasswords', () => {
  const passwords = createPasswords()

  it("hashes by Argon2id at OWASP's parameters, and knows its own again", async () => {
    const hash = await passwords.hashNew(strong, context)
    expect(hash).toMatch(/^\$argon2id\$v=19\$m=19456,(t=2,p=1|p=1,t=2)\$/)
    expect(await passwords.matches(strong, hash)).toBe(true)
    expect(await passwords.matches(`${strong} `, hash)).toBe(false)
  })

  it.each([
    ['of one kind of letters', 'umbrella zebra violet turnip'],
    ['of digits alone', '73910462859173640285'],
    ['in another script', 'зебра фиолетовая репа поёт'],
    ['with blanks around it', '  violet zebra umbrella  '],
    ['as long as a sentence', 'violet zebra umbrella '.repeat(10)],
  ])('takes one %s, to the letter', async (_, chosen) => {
    const hash = await passwords.hashNew(chosen, context)
    expect(await passwords.matches(chosen, hash)).toBe(true)
    for (const other of [chosen.trim(), chosen.toUpperCase(), chosen.slice(0, 72), chosen.normalize('NFD')])
      if (other !== chosen) expect(await passwords.matches(other, hash)).toBe(false)
  })

  it('matches nothing where there is no hash, after the same work', async () => {
    expect(await passwords.matches('a password that nobody has', null)).toBe(false)
  })

  it('renews a hash of weaker parameters, and leaves one of the present ones', async () => {
    const former = createPasswords({ memoryCost: 8_192, timeCost: 2, parallelism: 1 })
    const weakHash = await former.hashNew(strong, context)
    const renewed = await passwords.rehash(strong, weakHash)
    expect(renewed && needsRehash(renewed, owaspParameters)).toBe(false)
    expect(await passwords.matches(strong, renewed ?? '')).toBe(true)
    expect(await passwords.rehash(strong, renewed ?? '')).toBeUndefined()
  })

  it.each(['password1234', 'qwertyuiop12', 'olga operator', 'aaaaaaaaaaaaaaaa', 'tenantry1234'])(
    'refuses %j, with words and the field, and without repeating it',
    async (weak) => {
      const error = await passwords.hashNew(weak, context).catch((thrown: unknown) => thrown)
      expect(error).toBeInstanceOf(AppError)
      expect(error).toMatchObject({ code: 'password.too_weak', status: 422, faults: [{ path: 'password' }] })
      expect((error as AppError).message.length).toBeGreaterThan(10)
      expect((error as AppError).message).not.toContain(weak)
    },
  )
})
