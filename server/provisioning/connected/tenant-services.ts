import type { MintService, TokenMint } from '#server/domain/vaults/token-mint.port'
import type { Gate } from '../gates'
import type { ServiceName, StepPlanner } from '../step-planner.port'
import type { ConnectionSettings } from './client.port'

/** What mints tokens at a service of the tenant's own. */
export interface OwnMint {
  /** Through its gate; undefined: this service mints none. */
  readonly mint: TokenMint | undefined
  /** Null where they can't be had, so that nothing is minted. */
  readonly settings: ConnectionSettings | null
}

/** Whom a tenant's steps are done at. */
export interface TenantServices {
  /** Of the services that there are for the tenant. */
  readonly planners: readonly StepPlanner[]
  /** Through which each is asked. */
  readonly gate: (service: ServiceName) => Gate
  /** The address of the tenant's own service; null: the platform's is used, if any. */
  readonly placeOf: (service: ServiceName) => string | null
  /** What mints tokens at the tenant's own service; undefined: the platform's is used, if any. */
  readonly ownMint?: (service: MintService) => OwnMint | undefined
  /** What tells a mail domain's records; undefined: there is no mail server. */
  readonly recordsOf?:
    | ((
        domain: string,
        signal: AbortSignal,
      ) => Promise<readonly { type: string; name: string; value: string }[]>)
    | undefined
}

/** Read anew for each run, so that a change is heeded by every replica at once. @throws what the database throws */
export type ServicesOf = (tenantId: string) => Promise<TenantServices>

/** What tenants are provisioned at who have no services of their own. */
export function platformServices({
  planners,
  gate,
  recordsOf,
}: Pick<TenantServices, 'planners' | 'gate' | 'recordsOf'>): TenantServices {
  return { planners, gate, recordsOf, placeOf: () => null }
}
