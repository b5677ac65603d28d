import type { ConnectedService, PutConnection, TestConnection } from '#shared/contracts/connections'
import { IntegrationError } from '#server/lib/errors'
import type { Checked } from '#server/provisioning/connected/client.port'
import type { TenantScope } from '#server/scope'
import { connectionError } from './connections.errors'
import type { ConnectionRow } from './connections.store'
import {
  checkSettings,
  credentialPlace,
  keepCredential,
  openClient,
  plainAddress,
  readCredential,
  shownOf,
  type ConnectionMeans,
} from './credentials'

export { connectionError } from './connections.errors'
export { credentialPlace, parseCredential, type ConnectionMeans } from './credentials'

const nothing = { things: 0, left: [] }

/** The longest that a test may take. */
const testMs = 15_000

/** The tenant's own connections, and what it left elsewhere. */
export async function listConnections({ stores }: TenantScope) {
  const [items, former] = [await stores.connections.list(), await stores.former.list()]
  return { items, former, nextCursor: null }
}

/**
 * Sets the tenant's own connection to a service, or changes it: from the next look on, its steps are done there. At
 * another address what was made before is forgotten and stays where it is, and tokens that were minted there are taken
 * back. A stored credential is never sent to another
 * address than the one that it was set with.
 *
 * @throws AppError connection.address_refused, connection.credential_required, connection.credential_unfit,
 *   connection.changed_meanwhile, vault.unavailable
 */
export async function putConnection(
  scope: TenantScope,
  { vault, connector }: ConnectionMeans,
  service: ConnectedService,
  input: PutConnection,
): Promise<ConnectionRow> {
  const { credential } = input
  const apiUrl = plainAddress(input.apiUrl)
  const known = await scope.stores.connections.find(service)
  if (!credential && known?.apiUrl !== apiUrl) throw connectionError('connection.credential_required')
  await checkSettings(connector, service, { apiUrl, credential })
  if (!credential && known) return known
  if (!credential) throw connectionError('connection.credential_required')
  // Outside of the transaction, as the vault wants it: a version that no row names is never used.
  const secretVersion = await keepCredential(scope, vault, service, credential)
  const set = await scope.transaction(async (stores) => {
    const before = await stores.connections.find(service)
    const from = before?.apiUrl ?? null
    const { things, left } = from === apiUrl ? nothing : await stores.steps.forget(service)
    if (from !== apiUrl) await stores.former.move(service, { from, to: apiUrl, left })
    const ended = await stores.leases.endElsewhere(service, apiUrl)
    const row = await stores.connections.set(service, {
      ...{ apiUrl, secretVersion, credential: shownOf(credential) },
    })
    await stores.steps.ask('changed')
    await stores.audit.record({
      action: before ? 'connection.changed' : 'connection.set',
      subject: { kind: 'connection', id: row.id },
      ...(before && { before: auditedOf(before) }),
      after: {
        ...auditedOf(row),
        ...(things > 0 && { leftBehind: things }),
        ...(ended > 0 && { leasesEnded: ended }),
      },
    })
    return row
  })
  scope.wake(scope.tenant.id)
  return set
}

/**
 * Removes it: the platform's service is used again, where there is one. What was minted for leases at the tenant's own is
 * taken back there, by what those leases keep for it.
 *
 * @throws AppError connection.not_found
 */
export async function removeConnection(
  scope: TenantScope,
  { vault }: Pick<ConnectionMeans, 'vault'>,
  service: ConnectedService,
): Promise<void> {
  const vaultId = await scope.transaction(async (stores) => {
    const before = await stores.connections.find(service)
    if (!before) throw connectionError('connection.not_found')
    await stores.connections.remove(service)
    const { things, left } = await stores.steps.forget(service)
    await stores.former.move(service, { from: before.apiUrl, to: null, left })
    const ended = await stores.leases.endElsewhere(service, null)
    await stores.steps.ask('changed')
    await stores.audit.record({
      action: 'connection.removed',
      subject: { kind: 'connection', id: before.id },
      before: auditedOf(before),
      ...(things + ended > 0 && {
        after: { ...(things > 0 && { leftBehind: things }), ...(ended > 0 && { leasesEnded: ended }) },
      }),
    })
    return stores.vaults.obtainForConnections()
  })
  scope.wake(scope.tenant.id)
  // Unless somebody has set another meanwhile. Where this fails, nothing names it any more all the same.
  if (await scope.stores.connections.find(service)) return
  await vault.delete(credentialPlace(scope.tenant.id, vaultId, service)).catch(() => false)
}

/**
 * Somebody has seen to what was left at a former place: it is told no more, and keeps no receipt open.
 *
 * @throws AppError connection.former_not_found
 */
export async function settleFormer(scope: TenantScope, id: string): Promise<void> {
  await scope.transaction(async (stores) => {
    const settled = await stores.former.settle(id)
    if (!settled) throw connectionError('connection.former_not_found')
    const { service, apiUrl, things } = settled
    // The steps say what was left, until they are done anew.
    await stores.steps.ask('changed')
    await stores.audit.record({
      action: 'connection.former_settled',
      subject: { kind: 'connection', id },
      before: { service, apiUrl, things },
    })
  })
  scope.wake(scope.tenant.id)
}

/**
 * Calls the service, with what is given or with what is stored. What is given is kept nowhere.
 *
 * @returns what came back; a refusal is a result too
 * @throws AppError connection.not_found, connection.address_refused, connection.credential_required,
 *   connection.credential_unfit, vault.unavailable, secret.unreadable
 */
export async function testConnection(
  scope: TenantScope,
  { vault, connector }: ConnectionMeans,
  service: ConnectedService,
  given: TestConnection,
) {
  const stored = await scope.stores.connections.find(service)
  const apiUrl = given.apiUrl === undefined ? stored?.apiUrl : plainAddress(given.apiUrl)
  if (apiUrl === undefined) throw connectionError('connection.not_found')
  if (!given.credential && stored?.apiUrl !== apiUrl) throw connectionError('connection.credential_required')
  const isStored = stored !== null && !given.credential
  await checkSettings(connector, service, { apiUrl, credential: given.credential })
  const credential =
    given.credential ?? (await readCredential(scope, vault, service, stored?.secretVersion ?? 0))
  const client = openClient(connector, service, { apiUrl, credential })

  const startedAt = performance.now()
  const { ok, message, version } = await answerOf(client.check(AbortSignal.timeout(testMs)))
  const milliseconds = Math.round(performance.now() - startedAt)
  await scope.transaction(async ({ connections, audit }) => {
    if (isStored) await connections.keepTest(stored, ok ? null : message)
    await audit.record({
      action: 'connection.tested',
      subject: { kind: 'connection', id: stored?.id ?? service },
      after: { service, apiUrl, ok, isStored },
    })
  })
  return { ok, message, version, milliseconds }
}

async function answerOf(check: Promise<Checked>): Promise<Checked & { ok: boolean }> {
  try {
    return { ok: true, ...(await check) }
  } catch (error) {
    const failed = { ok: false, version: null }
    if (error instanceof IntegrationError) return { ...failed, message: error.message }
    if (error instanceof DOMException) return { ...failed, message: 'It did not answer in time.' }
    throw error
  }
}

const auditedOf = ({ service, apiUrl, credential, secretVersion }: ConnectionRow) => ({
  ...{ service, apiUrl, kind: credential.kind, clientId: credential.clientId },
  ...{ tokenUrl: credential.tokenUrl, secretVersion },
})
