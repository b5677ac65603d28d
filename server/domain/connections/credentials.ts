import { ConnectionCredential, type ConnectedService } from '#shared/contracts/connections'
import type { ConnectionSettings, Connector } from '#server/provisioning/connected/client.port'
import type { TenantScope } from '#server/scope'
import { SecretUnreadable, type SecretPlace, type SecretVault } from '#server/vault/vault'
import { connectionError } from './connections.errors'
import type { CredentialShown } from './connections.store'

/** What connections are set and tested with. */
export interface ConnectionMeans {
  vault: SecretVault
  connector: Connector
}

/** Where a connection's credential lies in the tenant's vault for them. */
export const credentialPlace = (
  tenantId: string,
  vaultId: string,
  service: ConnectedService,
): SecretPlace => ({
  ...{ tenantId, vaultId, service, name: 'connection' },
})

/** What of it may be shown. */
export function shownOf(credential: ConnectionCredential): CredentialShown {
  const { kind } = credential
  return kind === 'client'
    ? { kind, clientId: credential.clientId, tokenUrl: credential.tokenUrl }
    : { kind, clientId: null, tokenUrl: null }
}

/** The same address has one form. */
export const plainAddress = (address: string): string => new URL(address).href.replace(/\/+$/, '')

/**
 * Holds addresses and credential against what may be asked, and what the service takes.
 *
 * @throws AppError connection.address_refused, connection.credential_unfit
 */
export async function checkSettings(
  connector: Connector,
  service: ConnectedService,
  { apiUrl, credential }: { apiUrl: string; credential: ConnectionCredential | undefined },
): Promise<void> {
  const addresses: [string, string][] = [['apiUrl', apiUrl]]
  if (credential?.kind === 'client') addresses.push(['credential.tokenUrl', credential.tokenUrl])
  for (const [path, address] of addresses) {
    const message = await connector.whyRefused(address)
    if (message !== undefined)
      throw connectionError('connection.address_refused', { detail: message, faults: [{ path, message }] })
  }
  if (credential) openClient(connector, service, { apiUrl, credential })
}

/** @throws AppError connection.credential_unfit */
export function openClient(connector: Connector, service: ConnectedService, settings: ConnectionSettings) {
  try {
    return connector.open(service, settings)
  } catch (error) {
    if (!(error instanceof TypeError)) throw error
    const detail = `${error.message.charAt(0).toUpperCase()}${error.message.slice(1)}.`
    throw connectionError('connection.credential_unfit', {
      detail,
      faults: [{ path: 'credential', message: detail }],
    })
  }
}

/** Keeps a credential. @returns its version @throws AppError vault.unavailable */
export async function keepCredential(
  scope: TenantScope,
  vault: SecretVault,
  service: ConnectedService,
  credential: ConnectionCredential,
): Promise<number> {
  const vaultId = await scope.transaction(({ vaults }) => vaults.obtainForConnections())
  const place = credentialPlace(scope.tenant.id, vaultId, service)
  return (await vault.put(place, JSON.stringify(credential))).version
}

/** @throws AppError connection.not_found, vault.unavailable, secret.unreadable */
export async function readCredential(
  scope: TenantScope,
  vault: SecretVault,
  service: ConnectedService,
  version: number,
): Promise<ConnectionCredential> {
  const vaultId = await scope.transaction(({ vaults }) => vaults.obtainForConnections())
  const found = await vault.get(credentialPlace(scope.tenant.id, vaultId, service), version)
  if (!found)
    throw connectionError('connection.not_found', { detail: 'Its credential is gone: set it anew.' })
  return parseCredential(found.value)
}

/** @throws SecretUnreadable, without a word of it */
export function parseCredential(text: string): ConnectionCredential {
  try {
    return ConnectionCredential.parse(JSON.parse(text))
  } catch {
    throw new SecretUnreadable('It is no credential of a connection.')
  }
}
