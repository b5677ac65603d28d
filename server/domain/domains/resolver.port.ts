/** The types of records that are looked up. */
export const lookUpTypes = ['TXT', 'MX', 'CNAME', 'SRV', 'A', 'AAAA', 'CAA', 'TLSA'] as const
export type LookUpType = (typeof lookUpTypes)[number]

/** Why nothing is known of a name. */
export type LookUpFailure =
  /** No answer in time. */
  | 'timeout'
  /** The servers of the name could not answer (SERVFAIL), or would not (REFUSED). */
  | 'unavailable'
  /** Nobody listens where the resolver should be. */
  | 'unreachable'
  /** An answer that is none. */
  | 'malformed'
  /** More than is read. */
  | 'too_large'

/** What a name has of one type. `none` is an answer: the name, or this type of it, is not there. */
export type LookUp =
  | { readonly kind: 'found'; readonly values: readonly string[] }
  | { readonly kind: 'none' }
  | { readonly kind: 'failed'; readonly reason: LookUpFailure }

/** Asks the DNS. */
export interface Resolver {
  /**
   * Never throws, and ends within some seconds. Values are as in a zone: hosts in lower case without a dot at their
   * end, `10 mail.example.org` for MX, `0 1 993 mail.example.org` for SRV, the joined strings of a TXT record.
   * Aliases (CNAME) are followed for every type but their own.
   *
   * @param name as A-labels
   */
  lookUp(name: string, type: LookUpType): Promise<LookUp>
}
