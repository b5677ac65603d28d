import type { TenantScope, TenantStores } from '#server/scope'
import type { PageRequest } from '#server/storage/page'
import type { ExportKind } from './exports.store'
import { tenantError } from './tenants.errors'

/** What is on record beside the audit; of machines and tokens nothing that lets anybody in. */
const exported: readonly ExportKind[] = [
  'tenant',
  'subscription',
  'members',
  'domains',
  'resources',
  'machines',
  'tokens',
]

/** Records of one part. */
const partSize = 500

/** An export that is being written. */
export interface BegunExport {
  readonly id: string
  readonly parts: number
  /** Id of the last audit entry in it; undefined: there is none. */
  readonly lastEntry: string | undefined
}

/**
 * Begins an export with the tenant's audit, page by page, each written by itself: entries never change, and there may be
 * any number of them. What was begun before and never finished goes.
 */
export async function exportHistory(scope: TenantScope): Promise<BegunExport> {
  const { exports } = scope.stores
  const { id } = await exports.begin()
  return addAudit(exports, { id, parts: 0, lastEntry: undefined })
}

/**
 * Finishes it with everything else that is on record now, and with what the audit got meanwhile; within the transaction
 * that archives.
 */
export async function finishExport({ exports }: TenantStores, begun: BegunExport): Promise<void> {
  let { parts } = await addAudit(exports, begun)
  for (const kind of exported) {
    for (let after: string | undefined, isLast = false; !isLast;) {
      const { records, next } = await exports.read(kind, after, partSize)
      if (records.length > 0) await exports.addPart(begun.id, { number: ++parts, kind, records })
      isLast = next === undefined
      after = next
    }
  }
  await exports.finish(begun.id)
}

async function addAudit(exports: TenantStores['exports'], begun: BegunExport): Promise<BegunExport> {
  let { parts, lastEntry } = begun
  for (;;) {
    const { records, next, last } = await exports.read('audit', lastEntry, partSize)
    if (records.length > 0) await exports.addPart(begun.id, { number: ++parts, kind: 'audit', records })
    lastEntry = last ?? lastEntry
    if (next === undefined) return { id: begun.id, parts, lastEntry }
  }
}

/** A page of the tenant's exports, newest first. */
export function listExports(scope: TenantScope, request: PageRequest) {
  return scope.stores.exports.list(request)
}

/**
 * Some parts of an export, in their order; `next` is the number to go on behind.
 *
 * @throws AppError export.not_found
 */
export async function getExport(scope: TenantScope, id: string, request: { after: number; limit: number }) {
  const found = await scope.stores.exports.find(id, request)
  if (!found) throw tenantError('export.not_found')
  return found
}
