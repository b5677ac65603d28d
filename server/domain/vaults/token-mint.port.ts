/** What is minted for a lease. */
export interface MintRequest {
  /** Names what is minted, so that it is found again whatever happened in between. */
  readonly leaseId: string
  readonly tenant: { readonly id: string; readonly slug: string }
  readonly expiresAt: Date
}

/** Gives tokens of a service that last as long as a lease. */
export interface TokenMint {
  /**
   * Mints the token of a lease, for an account that is the tenant's own and may do no more than a member of it.
   *
   * @returns the token, and the account that it is of
   * @throws IntegrationError; something may have been minted then
   */
  mint(asked: MintRequest, signal: AbortSignal): Promise<{ token: string; account: string }>
  /**
   * Takes back what was minted for a lease, if anything was, and asks anew whether it is gone.
   *
   * @throws IntegrationError where that is not certain
   */
  revoke(leaseId: string, signal: AbortSignal): Promise<void>
}
