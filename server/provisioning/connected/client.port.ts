import type { ConnectedService, ConnectionCredential } from '#shared/contracts/connections'
import type { TokenMint } from '#server/domain/vaults/token-mint.port'
import type { StepPlanner } from '../step-planner.port'

/** Where a tenant's own service is, and what Tenantry signs in with there. */
export interface ConnectionSettings {
  readonly apiUrl: string
  readonly credential: ConnectionCredential
}

/** What a service answered that was asked whether it can be used. */
export interface Checked {
  /** In words for an administrator. */
  readonly message: string
  /** Null: it tells none. */
  readonly version: string | null
}

/** A tenant's own service, as far as Tenantry uses it. */
export interface ConnectedClient {
  readonly planners: readonly StepPlanner[]
  /**
   * Asks who we are there, for the first of what every step reads, and for its version.
   *
   * @throws IntegrationError
   */
  check(signal: AbortSignal): Promise<Checked>
  /** Of a mail server. @see MailRecords */
  readonly recordsOf?: (
    domain: string,
    signal: AbortSignal,
  ) => Promise<readonly { type: string; name: string; value: string }[]>
  /** Of Authentik. @see OnboardingMeans */
  readonly firstPasswordLink?: (
    person: { userId: string; email: string },
    signal: AbortSignal,
  ) => Promise<string | null>
  /** Undefined: it mints no tokens. */
  readonly tokenMint?: TokenMint
}

/** Reaches tenants' own services, at addresses that may be asked. */
export interface Connector {
  /** Why an address may not be asked, in words; undefined: it may, as far as it is known now. */
  whyRefused(address: string): Promise<string | undefined>
  /** @throws TypeError for a credential that can't be one of the service; its message repeats none of it */
  open(service: ConnectedService, settings: ConnectionSettings): ConnectedClient
}
