import type { Clock } from '#server/lib/clock'
import { newId } from '#server/lib/ids'
import type { DatabaseClient } from '#server/storage/database'
import { pageOfRows, toPage, type PageRequest } from '#server/storage/page'
import { keptOf } from './audit.policy'
import { addNow, addToChain } from './chain/chain.store'

/** Who an entry names as the one who acted. */
export type AuditActor = { kind: 'user' | 'machine' | 'token'; id: string } | { kind: 'system' }

/** Fields of a record before or after a change. Dates are written out; secrets have no place here. */
export type AuditFields = Record<string, string | number | boolean | null | Date | undefined>

export interface AuditRecord {
  /** `noun.what_happened` */
  action: string
  subject: {
    kind:
      | 'user'
      | 'tenant'
      | 'membership'
      | 'invitation'
      | 'subscription'
      | 'domain'
      | 'session'
      | 'settings'
      | 'portal'
      | 'token'
      | 'drift'
      | 'sweep'
      | 'machine'
      | 'service'
      | 'vault'
      | 'secret'
      | 'lease'
      | 'connection'
    id: string
  }
  before?: AuditFields
  after?: AuditFields
}

interface AuditContext {
  clock: Clock
  actor: AuditActor
  requestId: string
  /** Of the chains' heads: `keyring.derive('audit')`. */
  auditKey: Buffer
  /** The tenant whose entries these are; undefined: the whole platform's. */
  tenantId?: string
}

/** Keeps only what differs, so that an entry shows the change and not the record; and nobody's personal data. */
function changesOf(record: AuditRecord) {
  const before: Record<string, string | number | boolean | null> = {}
  const after: Record<string, string | number | boolean | null> = {}
  const plain = (value: AuditFields[string]) =>
    value instanceof Date ? value.toISOString() : (value ?? null)
  for (const field of new Set([...Object.keys(record.before ?? {}), ...Object.keys(record.after ?? {})])) {
    const [was, is] = [plain(record.before?.[field]), plain(record.after?.[field])]
    if (was === is) continue
    const { kind } = record.subject
    if (record.before && field in record.before) before[field] = keptOf(kind, field, was)
    if (record.after && field in record.after) after[field] = keptOf(kind, field, is)
  }
  return { before, after }
}

/** What `changesOf` wrote, read back. */
function fieldsOf(stored: unknown): Record<string, unknown> | null {
  return stored && typeof stored === 'object' ? { ...stored } : null
}

/** The present names of people, machines and tokens by their ids. */
async function namesOf(db: DatabaseClient, ids: string[]): Promise<Map<string, string>> {
  const where = { where: { id: { in: [...new Set(ids)] } } }
  const [people, machines, tokens] = await Promise.all([
    db.user.findMany({ ...where, select: { id: true, name: true } }),
    db.identity.findMany({ ...where, select: { id: true, handle: true } }),
    db.apiToken.findMany({ ...where, select: { id: true, name: true } }),
  ])
  return new Map([
    ...[...people, ...tokens].map(({ id, name }) => [id, name] as const),
    ...machines.map(({ id, handle }) => [id, handle] as const),
  ])
}

/** The present slugs and names of tenants by their ids; those that are gone are not among them. */
async function tenantsOf(db: DatabaseClient, rows: readonly { tenantId: string | null }[]) {
  const ids = [...new Set(rows.flatMap(({ tenantId }) => tenantId ?? []))]
  if (ids.length === 0) return new Map<string, { slug: string; name: string }>()
  const select = { id: true, slug: true, name: true }
  const tenants = await db.tenant.findMany({ where: { id: { in: ids } }, select })
  return new Map(tenants.map(({ id, ...shown }) => [id, shown] as const))
}

/** Somebody who acted, by the name that they have now. */
export function shownActor<Kind extends AuditActor['kind']>(
  kind: Kind,
  id: string | null,
  names: ReadonlyMap<string, string>,
) {
  return { kind, id, name: id === null ? 'Tenantry' : (names.get(id) ?? `deleted ${kind}`) }
}

export type AuditStore = ReturnType<typeof auditStore>

/** The audit of one tenant, or of the platform where no tenant is given. Entries are added and read, never changed. */
export function auditStore(db: DatabaseClient, context: AuditContext) {
  const { tenantId } = context
  return {
    /**
     * Adds one entry, within the transaction of the change itself; it is written when the transaction's work is over.
     *
     * @throws Error outside of a transaction
     */
    async record(record: AuditRecord): Promise<void> {
      const { before, after } = changesOf(record)
      addToChain(db, context.auditKey, {
        id: newId(),
        at: context.clock.now(),
        actorKind: context.actor.kind,
        actorId: context.actor.kind === 'system' ? null : context.actor.id,
        action: record.action,
        subjectKind: record.subject.kind,
        subjectId: record.subject.id,
        tenantId: tenantId ?? null,
        ...(record.before && { before }),
        ...(record.after && { after }),
        requestId: context.requestId,
      })
    },

    /** Whether an action on a subject has been written down here since a moment. */
    async saysSince(moment: Date, action: string, { kind, id }: AuditRecord['subject']): Promise<boolean> {
      const where = {
        subjectKind: kind,
        subjectId: id,
        action,
        at: { gte: moment },
        tenantId: tenantId ?? null,
      }
      await addNow(db, context.auditKey)
      return (await db.auditEntry.findFirst({ where, select: { id: true } })) !== null
    },

    /** The present names of those who acted, by their ids. */
    namesOf: (ids: string[]) => namesOf(db, ids),

    /**
     * A page of entries, newest first, each with the present names of who acted, of whom it is about, and of its tenant.
     *
     * @param subject that they are about; undefined: everything
     */
    async list(request: PageRequest, subject?: { kind: string; id: string }) {
      const { where, ...page } = pageOfRows(request, 'newest first')
      const about = subject && { subjectKind: subject.kind, subjectId: subject.id }
      const rows = await db.auditEntry.findMany({
        where: { ...where, ...(tenantId && { tenantId }), ...about },
        ...page,
      })
      const isAboutSomebody = (row: (typeof rows)[number]) =>
        ['user', 'membership', 'machine', 'token'].includes(row.subjectKind)
      const ids = rows.flatMap((row) => [row.actorId ?? [], isAboutSomebody(row) ? row.subjectId : []].flat())
      const [names, tenants] = await Promise.all([namesOf(db, ids), tenantsOf(db, rows)])
      const { items, nextCursor } = toPage(rows, request)
      return {
        nextCursor,
        items: items.map(({ actorKind, actorId, subjectKind, subjectId, before, after, ...entry }) => ({
          ...entry,
          tenant: tenants.get(entry.tenantId ?? '') ?? null,
          before: fieldsOf(before),
          after: fieldsOf(after),
          actor: shownActor(actorKind, actorId, names),
          subject: { kind: subjectKind, id: subjectId, name: names.get(subjectId) ?? null },
        })),
      }
    },
  }
}
