import type { RowKind } from './row-kind'
import { machineRows } from './rows-of-machines'
import { personRows } from './rows-of-people'
import { tenantRows } from './rows-of-tenants'
import { vaultRows } from './rows-of-vaults'

export type { Owner, Row } from './row-kind'

const rowKinds = { ...tenantRows, ...vaultRows, ...personRows, ...machineRows }

/** What the paths name: the longest beginning that fits decides. */
const named: readonly (readonly [path: string, kind: keyof typeof rowKinds])[] = [
  ['/api/tenants/:slug/members', 'member'],
  ['/api/tenants/:slug/domains', 'domain'],
  ['/api/tenants/:slug/drift', 'drift'],
  ['/api/operator/drift', 'anyDrift'],
  ['/api/tenants/:slug/exports', 'export'],
  ['/api/tenants/:slug/receipts', 'receipt'],
  ['/api/tenants/:slug/invitations', 'invitation'],
  ['/api/tenants/:slug/runs', 'run'],
  ['/api/tenants/:slug/identities', 'machine'],
  ['/api/tenants/:slug/api-tokens', 'apiToken'],
  ['/api/tenants/:slug/service-accounts', 'service'],
  ['/api/claims', 'claim'],
  ['/api/tenants/:slug/vaults/:vaultId/bindings', 'binding'],
  ['/api/tenants/:slug/vaults', 'vault'],
  ['/api/tenants/:slug/connections/former', 'former'],
  ['/api/tenants/:slug/connections', 'connection'],
  ['/api/vaults', 'secret'],
  ['/api/tenants/:slug/leases', 'lease'],
  ['/api/leases', 'lease'],
  ['/api/users/me/sessions', 'session'],
  ['/api/users/me/passkeys', 'passkey'],
  ['/api/users/me/second-factor', 'passkey'],
  ['/api/users/me/identities', 'identity'],
  ['/api/users/:id/sessions', 'session'],
  ['/api/users/:id/identities', 'identity'],
  ['/api/identities', 'unclaimed'],
]

/** Parameters that name a tenant or a person, and no row of theirs. */
const withoutOwner = (path: string) => path.replace(/^\/api\/(tenants\/:slug|users\/:id)/, '')

/** The kind of row that a path names below its tenant or person; undefined where it names none. */
export function rowKindOf(path: string): RowKind | undefined {
  if (!withoutOwner(path).includes('/:') || path.startsWith('/api/slugs/')) return undefined
  const kind = named.find(([beginning]) => path.startsWith(`${beginning}/`))?.[1]
  // A tenant's own subscription is the tenant's.
  if (path === '/api/subscriptions/:slug') return undefined
  if (!kind) throw new Error(`${path} names something that tests/api/matrix/rows.ts knows no row of`)
  return rowKinds[kind]
}

/** The kind of row of one tenant or person that a path lists; undefined where it lists none of these. */
export function listedKindOf(path: string): RowKind | undefined {
  // Whose a list below another row is, that row decides.
  if (withoutOwner(path).includes('/:')) return undefined
  const kind: RowKind | undefined =
    rowKinds[named.find(([beginning]) => path === beginning)?.[1] ?? 'anyDrift']
  return kind.everybodys ? undefined : kind
}
