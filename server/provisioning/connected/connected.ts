import { connectionsHandle } from '#shared/contracts/vaults'
import { credentialPlace, parseCredential } from '#server/domain/connections/connections'
import type { Clock } from '#server/lib/clock'
import { AppError, IntegrationError } from '#server/lib/errors'
import type { Log } from '#server/lib/log'
import type { Database } from '#server/storage/database'
import type { SecretVault } from '#server/vault/vault'
import { createGates, type Gate } from '../gates'
import type { ServiceName, StepPlanner } from '../step-planner.port'
import { tenantSteps } from '../steps'
import type { ConnectedClient, ConnectionSettings, Connector } from './client.port'
import { findCredentialVault, readConnected, type ConnectedRow } from './connected.store'
import { readFormer } from './former.store'
import { tellingLeft } from './left-behind'
import { mintThroughGate } from './mint-places'
import type { OwnMint, ServicesOf, TenantServices } from './tenant-services'

export interface ConnectedMeans {
  database: Database
  clock: Clock
  log: Log
  vault: Pick<SecretVault, 'get'>
  connector: Pick<Connector, 'open'>
  /** Used where a tenant has none of its own. */
  platform: TenantServices
  /** So many plans and changes at one connection at a time. */
  concurrency: number
  /** The onboarding step for people who sign in at the tenant's own Authentik; undefined: there is no mail. */
  onboardingAt?: ((authentik: ConnectedClient, apiUrl: string) => StepPlanner) | undefined
}

/** A connection that is in use: its planners keep tokens and listings, its gate the breaker. */
interface Opened {
  readonly client: ConnectedClient
  readonly gate: Gate
}

/** With what it was opened by; null: that can't be had. */
type Own = Opened & { row: ConnectedRow; settings: ConnectionSettings | null }

/** So many are kept; of a tenant whose turn is later, the client is made anew. */
const mostKept = 500

/**
 * Gives each tenant its services: its own where it has connections, else the platform's. Connections are read for each
 * run and credentials opened for each, so that a change, or a credential that was taken away, counts at once and
 * everywhere. Where a credential does not open, its steps fail in words: the platform's service is never used instead.
 * What is left at places where the tenant was before is told by each step that left it.
 */
export function createConnected(means: ConnectedMeans): ServicesOf {
  const { database, platform } = means
  const kept = new Map<string, Opened>()

  async function open(tenantId: string, row: ConnectedRow): Promise<Own> {
    const key = `${row.id}/${row.version}`
    try {
      const settings = { apiUrl: row.apiUrl, credential: await credentialOf(tenantId, row, means) }
      const known = kept.get(key)
      const opened = known ?? {
        client: means.connector.open(row.service, settings),
        gate: gateOf(row, means),
      }
      // The one that was used last is the last one to go.
      kept.delete(key)
      kept.set(key, opened)
      for (const oldest of kept.keys()) {
        if (kept.size <= mostKept) break
        kept.delete(oldest)
      }
      return { ...opened, row, settings }
    } catch (error) {
      if (!(error instanceof AppError) && !(error instanceof TypeError)) throw error
      const { code } = error instanceof AppError ? error : { code: 'connection.credential_unfit' }
      means.log.warn(
        { tenantId, service: row.service, code },
        "a tenant's own service could not be signed in to",
      )
      return { client: closedClient(row.service, code), gate: gateOf(row, means), row, settings: null }
    }
  }

  return async (tenantId) => {
    const rows = await readConnected(database.client, tenantId)
    const former = await readFormer(database.client, tenantId)
    if (rows.length === 0 && former.length === 0) return platform
    const own = new Map<ServiceName, Own>()
    for (const row of rows) own.set(row.service, await open(tenantId, row))
    const planners = [
      ...platformPlanners(own, means),
      ...[...own.values()].flatMap(({ client }) => client.planners),
    ]
    return {
      planners: tellingLeft(planners, former),
      gate: (service) => own.get(service)?.gate ?? platform.gate(service),
      placeOf: (service) => own.get(service)?.row.apiUrl ?? null,
      ownMint: (service) => ownMintOf(own.get(service)),
      recordsOf: own.get('stalwart')?.client.recordsOf ?? platform.recordsOf,
    }
  }
}

/** The platform's, without those in whose place there is another. */
function platformPlanners(
  own: ReadonlyMap<ServiceName, Own>,
  { platform, onboardingAt }: ConnectedMeans,
): StepPlanner[] {
  const rest = platform.planners.filter(({ service }) => !own.has(service))
  const authentik = own.get('authentik')
  if (!authentik || !onboardingAt) return rest
  // Whose first password is to be chosen has their account there.
  const { client, row } = authentik
  return [...rest.filter(({ service }) => service !== 'mail'), onboardingAt(client, row.apiUrl)]
}

function ownMintOf(own: Own | undefined): OwnMint | undefined {
  if (!own) return undefined
  const { client, gate, settings } = own
  return { mint: client.tokenMint && mintThroughGate(client.tokenMint, gate), settings }
}

/** One for each connection: a tenant's dead server is no reason to leave another in peace. */
const gateOf = ({ service }: ConnectedRow, { clock, concurrency }: ConnectedMeans): Gate =>
  createGates({ clock, concurrency, random: Math.random })(service)

async function credentialOf(
  tenantId: string,
  { service, secretVersion }: ConnectedRow,
  { database, vault }: ConnectedMeans,
) {
  const vaultId = await findCredentialVault(database.client, tenantId, connectionsHandle)
  const place = vaultId && credentialPlace(tenantId, vaultId, service)
  const found = place && (await vault.get(place, secretVersion))
  if (!found) throw new TypeError('the credential is gone')
  return parseCredential(found.value)
}

/** In place of a service whose credential does not open. */
function closedClient(service: ConnectedRow['service'], code: string): ConnectedClient {
  const fail = () =>
    Promise.reject(
      new IntegrationError({
        service,
        kind: 'unavailable',
        message: `What Tenantry signs in with at the tenant's own service can't be had from the vault (${code}). Set the connection anew if this stays.`,
      }),
    )
  const steps = tenantSteps.filter((step) => step.service === service)
  return {
    planners: steps.map(({ step }) => ({ service, step, plan: fail })),
    check: fail,
    ...(service === 'stalwart' && { recordsOf: fail }),
    ...(service === 'authentik' && { firstPasswordLink: fail }),
    ...(service !== 'stalwart' && { tokenMint: { mint: fail, revoke: fail, renew: fail } }),
  }
}
