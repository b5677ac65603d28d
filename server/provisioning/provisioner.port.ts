/** The outside services, in the order in which they are shown. */
export const serviceNames = ['authentik', 'stalwart', 'ocis', 'mail'] as const
export type ServiceName = (typeof serviceNames)[number]

/** What a step is told of the tenant that it brings about. */
export interface DesiredTenant {
  /** UUID; stamped on what is made, so that it can be recognised as ours. */
  id: string
  slug: string
  name: string
}

/** What a step found or made. */
export interface StepResult {
  /** The resource's id at the service. */
  externalId: string
}

/**
 * One step at one outside service. An integration implements it; the engine calls it as often as it likes.
 */
export interface Provisioner {
  readonly service: ServiceName
  /** What it brings about, such as `group`; unique within the service. */
  readonly step: string
  /**
   * Makes the service hold what the tenant should have, and changes nothing that is right already.
   * Safe to repeat and to cut off at any moment: what an earlier call left is adopted.
   *
   * @param signal aborts when the process drains or the lease is lost; the call then throws
   * @throws IntegrationError for every failure of the service
   */
  apply(tenant: DesiredTenant, signal: AbortSignal): Promise<StepResult>
}
