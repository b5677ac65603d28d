import type { ConnectedService } from '#shared/contracts/connections'
import type { DatabaseClient } from '#server/storage/database'

/** A connection as a run needs it. */
export interface ConnectedRow {
  readonly id: string
  readonly service: ConnectedService
  readonly apiUrl: string
  readonly version: number
  readonly secretVersion: number
}

/** Whether a tenant can bring it itself. */
export const isConnected = (service: string): service is ConnectedService => service !== 'mail'

/** A tenant's own connections. */
export async function readConnected(db: DatabaseClient, tenantId: string): Promise<ConnectedRow[]> {
  const select = { id: true, service: true, apiUrl: true, version: true, secretVersion: true } as const
  const rows = await db.tenantConnection.findMany({ where: { tenantId }, select })
  return rows.flatMap(({ service, ...row }) => (isConnected(service) ? [{ ...row, service }] : []))
}

/** Whether any tenant has one. */
export const anyConnected = async (db: DatabaseClient): Promise<boolean> =>
  (await db.tenantConnection.findFirst({ select: { id: true } })) !== null

/** The vault that holds a tenant's credentials; null: it has none yet. */
export async function findCredentialVault(
  db: DatabaseClient,
  tenantId: string,
  handle: string,
): Promise<string | null> {
  const where = { tenantId_handle: { tenantId, handle } }
  return (await db.vault.findUnique({ where, select: { id: true } }))?.id ?? null
}
