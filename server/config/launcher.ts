import type { ServiceName } from '#shared/contracts/provisioning'
import type { Config } from './config'

/** The services that exist, and where people find them. */
export function launcherOf(config: Config): { service: ServiceName; url: string }[] {
  return config.authentik ? [{ service: 'authentik', url: config.authentik.publicUrl }] : []
}
