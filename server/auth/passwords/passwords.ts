import { argon2id, hash, needsRehash, verify } from 'argon2'
import { defineErrors } from '#server/lib/errors'
import type { PasswordPort } from '#server/domain/users/passwords.port'
import { createGate } from './gate'
import { judgePassword } from './password-strength'

export const passwordError = defineErrors({
  'password.too_weak': { status: 422, title: 'The password is too easy to guess.' },
  'password.wrong': { status: 422, title: 'The current password is not right.' },
})

/** OWASP's parameters for Argon2id: 19 MiB, two passes, one lane (Password Storage Cheat Sheet). */
export const owaspParameters = { memoryCost: 19_456, timeCost: 2, parallelism: 1 } as const
type Argon2Parameters = Record<keyof typeof owaspParameters, number>

export interface Passwords extends PasswordPort {
  /**
   * Whether the password is the hash's. Takes the same time where there is no hash, and is then false, so that
   * nobody learns from the clock which users exist.
   */
  matches(password: string, passwordHash: string | null): Promise<boolean>
  /** A new hash of a password that just matched, where the parameters have changed since; else undefined. */
  rehash(password: string, passwordHash: string): Promise<string | undefined>
}

/**
 * Hashes and checks passwords by Argon2id.
 *
 * Only two run at a time: each holds a thread of libuv's pool, which file and name look-ups need too.
 */
export function createPasswords(parameters: Argon2Parameters = owaspParameters): Passwords {
  const gate = createGate(2)
  const options = { ...parameters, type: argon2id } as const
  let absent: Promise<string> | undefined

  const derive = (password: string) => gate(() => hash(password, options))
  const check = (password: string, passwordHash: string) => gate(() => verify(passwordHash, password))

  return {
    async hashNew(password, { path, about }) {
      const weakness = await judgePassword(password, about)
      if (weakness)
        throw passwordError('password.too_weak', { detail: weakness, faults: [{ path, message: weakness }] })
      return derive(password)
    },

    async confirm(password, passwordHash, path) {
      if (await check(password, passwordHash)) return
      throw passwordError('password.wrong', {
        faults: [{ path, message: 'This is not your current password.' }],
      })
    },

    async matches(password, passwordHash) {
      // Made on the first call whatever is asked, so that the first unknown name takes no longer than a known one.
      const substitute = await (absent ??= derive('a password that nobody has'))
      const matched = await check(password, passwordHash ?? substitute)
      return matched && passwordHash !== null
    },

    async rehash(password, passwordHash) {
      return needsRehash(passwordHash, parameters) ? derive(password) : undefined
    },
  }
}
