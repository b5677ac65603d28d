import type { ConnectedService } from '#shared/contracts/connections'
import type { Config } from '#server/config/config'
import { createAuthentik } from '#server/integrations/authentik/client'
import { createPatientFetch } from '#server/integrations/http/patient-fetch'
import { whyRefused } from '#server/integrations/http/public-addresses'
import { createPublicFetch } from '#server/integrations/http/public-fetch'
import { createOcis, type OcisAuth } from '#server/integrations/ocis/client'
import { createStalwart } from '#server/integrations/stalwart/client'
import type { Clock } from '#server/lib/clock'
import { createPlaces } from '#server/lib/places'
import type {
  ConnectedClient,
  ConnectionSettings,
  Connector,
} from '#server/provisioning/connected/client.port'

/** Each service has its own places for calls. */
function meansOf({ provisioningConcurrency }: Config, clock: Clock, fetch: typeof globalThis.fetch) {
  const places = createPlaces(provisioningConcurrency)
  return { clock, places, fetch: createPatientFetch(fetch, Math.random, places.rest) }
}

/** The platform's own services, as they are configured. */
export function openServices(config: Config, clock: Clock) {
  const { authentik, stalwart, ocis } = config
  const means = () => meansOf(config, clock, globalThis.fetch)
  return {
    authentik:
      authentik && createAuthentik({ apiUrl: authentik.apiUrl, token: authentik.apiToken, ...means() }),
    stalwart: stalwart && createStalwart({ apiUrl: stalwart.apiUrl, token: stalwart.apiToken, ...means() }),
    ocis: ocis && createOcis({ ...ocis, ...means() }),
  }
}

/** What reaches the services that tenants bring themselves. */
export function openConnector(config: Config, clock: Clock): Connector & { close(): Promise<void> } {
  const rules = { allowPrivate: config.integrationsAllowPrivate }
  const { fetch, close } = createPublicFetch(rules)
  return {
    whyRefused: (address) => whyRefused(address, rules),
    open: (service, settings) => openClient(service, settings, meansOf(config, clock, fetch)),
    close,
  }
}

/** @throws TypeError for a credential that can't be one of the service */
function openClient(
  service: ConnectedService,
  { apiUrl, credential }: ConnectionSettings,
  means: ReturnType<typeof meansOf>,
): ConnectedClient {
  if (service === 'ocis') {
    return createOcis({ apiUrl, auth: ocisAuthOf(credential), ...means })
  }
  if (credential.kind !== 'token') throw new TypeError('this service is signed in to with a token')
  const { token } = credential
  return service === 'authentik'
    ? createAuthentik({ apiUrl, token, ...means })
    : createStalwart({ apiUrl, token, ...means })
}

function ocisAuthOf(credential: ConnectionSettings['credential']): OcisAuth {
  if (credential.kind === 'token') return { appToken: credential.token }
  const { clientId, clientSecret, tokenUrl } = credential
  return { clientId, clientSecret, tokenUrl }
}
