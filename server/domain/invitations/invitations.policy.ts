/** What decides which addresses are a person's. */
export interface Addressee {
  /** The account's own. */
  email: string | null
  /** As OpenID providers claim them. */
  identities: readonly { email: string | null; emailVerified: boolean }[]
}

/**
 * Whether an invitation to this address is this person's.
 * What a provider has verified counts in every mode. The account's own address counts where there are local accounts,
 * unless it came from a provider that did not verify it: there anybody may write any address into their profile.
 *
 * @param localAccounts whether an account's own address was given to it here (standalone mode)
 */
export function isTheirs({ email, identities }: Addressee, invited: string, localAccounts: boolean): boolean {
  const claims = identities.filter((identity) => identity.email === invited)
  if (claims.some(({ emailVerified }) => emailVerified)) return true
  return localAccounts && email === invited && claims.length === 0
}
