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
   * @throws NotMintable; IntegrationError; something may have been minted then
   */
  mint(asked: MintRequest, signal: AbortSignal): Promise<{ token: string; account: string }>
  /**
   * Lets the token of a lease last until then, and never shorter. Absent where the service moves no end.
   *
   * @throws NotMintable; IntegrationError, after which it may last so long all the same
   */
  renew?(
    lease: { readonly leaseId: string; readonly tenantId: string },
    until: Date,
    signal: AbortSignal,
  ): Promise<void>
  /**
   * Takes back what was minted for a lease, if anything was, and asks anew whether it is gone.
   *
   * @throws IntegrationError where that is not certain
   */
  revoke(lease: { readonly leaseId: string; readonly tenantId: string }, signal: AbortSignal): Promise<void>
}

/** A service that mints nothing as it is set up. Its message says what is to be done, in words for an operator. */
export class NotMintable extends Error {
  constructor(message: string) {
    super(message)
    this.name = 'NotMintable'
  }
}

/** A service that tokens are minted at for leases. */
export type MintService = 'authentik' | 'ocis'

/** Where tokens of a tenant are minted. */
export interface MintPlace {
  readonly mint: TokenMint
  /** The tenant's own service; null: the platform's. */
  readonly own: {
    readonly address: string
    /** What Tenantry signs in with there, for one lease's `MintPlaces.of`. */
    seal(leaseId: string): Promise<string>
  } | null
}

/** Which services mint for which tenant. Neither is ever asked with what is signed in with at another. */
export interface MintPlaces {
  /** Where a tenant's tokens are minted now: at its own service where it has one; null: nowhere. */
  now(tenantId: string, service: MintService): Promise<MintPlace | null>
  /**
   * Where a lease's token was minted, by what is signed in with there now, or was then.
   *
   * @throws IntegrationError where that is not known any more
   */
  of(lease: {
    readonly id: string
    readonly tenantId: string
    readonly service: string
    readonly place: string | null
    readonly placeSealed: string | null
  }): Promise<TokenMint>
}
