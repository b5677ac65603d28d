import type { ConnectedService, ConnectionCredential } from '#shared/contracts/connections'
import type { Clock } from '#server/lib/clock'
import { newId } from '#server/lib/ids'
import type { DatabaseClient } from '#server/storage/database'

/** What of a credential is no secret. */
export interface CredentialShown {
  kind: ConnectionCredential['kind']
  clientId: string | null
  tokenUrl: string | null
}

export interface ConnectionRow {
  id: string
  service: ConnectedService
  apiUrl: string
  credential: CredentialShown
  /** Of the credential in the vault. */
  secretVersion: number
  testedAt: Date | null
  testError: string | null
  createdAt: Date
  updatedAt: Date
  version: number
}

export type ConnectionsStore = ReturnType<typeof connectionsStore>

/** One tenant's own connections, bound. Credentials are in the vault alone. */
export function connectionsStore(db: DatabaseClient, clock: Clock, tenantId: string) {
  const keyOf = (service: ConnectedService) => ({ tenantId_service: { tenantId, service } })
  return {
    /** By service; three at most. */
    async list(): Promise<ConnectionRow[]> {
      const rows = await db.tenantConnection.findMany({ where: { tenantId }, orderBy: { id: 'asc' } })
      return rows.map(toRow)
    },

    async find(service: ConnectedService): Promise<ConnectionRow | null> {
      const row = await db.tenantConnection.findUnique({ where: keyOf(service) })
      return row && toRow(row)
    },

    /** What was tested before says nothing of what is set now. */
    async set(
      service: ConnectedService,
      { apiUrl, credential, secretVersion }: Pick<ConnectionRow, 'apiUrl' | 'credential' | 'secretVersion'>,
    ): Promise<ConnectionRow> {
      const now = clock.now()
      const set = { apiUrl, options: { ...credential }, secretVersion, testedAt: null, testError: null }
      const row = await db.tenantConnection.upsert({
        where: keyOf(service),
        create: { ...set, id: newId(), tenantId, service, createdAt: now, updatedAt: now },
        update: { ...set, updatedAt: now, version: { increment: 1 } },
      })
      return toRow(row)
    },

    /** @returns whether there was one */
    async remove(service: ConnectedService): Promise<boolean> {
      return (await db.tenantConnection.deleteMany({ where: { tenantId, service } })).count > 0
    },

    /** What came back; null: it went well. Nothing where it was changed since. */
    async keepTest({ id, version }: ConnectionRow, testError: string | null): Promise<void> {
      await db.tenantConnection.updateMany({
        where: { id, tenantId, version },
        data: { testedAt: clock.now(), testError },
      })
    },
  }
}

function connected(service: string): ConnectedService {
  if (service === 'authentik' || service === 'stalwart' || service === 'ocis') return service
  throw new Error(`There are no connections to ${service}`)
}

type Stored = Omit<ConnectionRow, 'service' | 'credential'> & { service: string; options: unknown }

function toRow({ id, service, apiUrl, options, ...rest }: Stored): ConnectionRow {
  const { kind, clientId, tokenUrl } = options as CredentialShown
  const { secretVersion, testedAt, testError, createdAt, updatedAt, version } = rest
  return {
    ...{ id, service: connected(service), apiUrl, credential: { kind, clientId, tokenUrl } },
    ...{ secretVersion, testedAt, testError, createdAt, updatedAt, version },
  }
}
