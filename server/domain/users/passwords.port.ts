/** What users ask of whoever knows passwords. Implemented by server/auth/passwords.ts. */
export interface PasswordPort {
  /**
   * Hashes a password that somebody chose.
   *
   * @param context `path` of the field in the request; `about`: words that the password must not lean on
   * @returns Argon2id in PHC form
   * @throws AppError password.too_weak (422, with the field)
   */
  hashNew(password: string, context: { path: string; about: string[] }): Promise<string>
  /**
   * Checks a password that somebody repeats to confirm a change.
   *
   * @throws AppError password.wrong (422, with the field)
   */
  confirm(password: string, hash: string, path: string): Promise<void>
}
