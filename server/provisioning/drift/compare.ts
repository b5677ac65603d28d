import type { Surveyed } from '../step-planner.port'

/** Something that is not as Tenantry left it. */
export interface Drifted {
  /** Null: nobody's that we know. */
  readonly tenantId: string | null
  /** Which thing of its step it is. */
  readonly thing: string
  readonly kind: string
  readonly name: string
  readonly externalId: string | null
  readonly what: 'changed' | 'missing' | 'unknown'
  readonly expected: string | null
  readonly found: string | null
}

/** What was kept of a thing when its step was last done. */
export interface Kept {
  readonly tenantId: string
  readonly externalId: string
  readonly kind: string
  readonly name: string
  readonly fingerprint: string
}

/** What is on record of the things that a page showed. */
export interface Known {
  readonly kept: readonly Kept[]
  /** The tenants among them, each with whether its step was settled when the page was asked for. */
  readonly settled: ReadonlyMap<string, boolean>
  /** Those that are no tenants any more, and may have been when the page was asked for. */
  readonly purged: ReadonlySet<string>
}

/**
 * Compares what a service showed with what was kept of it. What is being worked on is not judged.
 *
 * @param found each thing once
 */
export function compare(found: readonly Surveyed[], { kept, settled, purged }: Known): Drifted[] {
  const byId = Map.groupBy(kept, ({ externalId }) => externalId)
  return found.flatMap(({ kind, name, externalId, fingerprint, tenantId }): Drifted[] => {
    const thing = { thing: externalId, kind, name, externalId, found: fingerprint }
    const candidates = byId.get(externalId) ?? []
    const row = candidates.find((one) => one.tenantId === tenantId) ?? candidates[0]
    if (row) {
      if (!settled.get(row.tenantId) || row.fingerprint === fingerprint) return []
      // By the name that is on record: another name may be another tenant's.
      return [
        {
          ...{ ...thing, kind: row.kind, name: row.name },
          ...{ tenantId: row.tenantId, what: 'changed', expected: row.fingerprint },
        },
      ]
    }
    if (tenantId === null || purged.has(tenantId) || settled.get(tenantId) === false) return []
    const owner = settled.has(tenantId) ? tenantId : null
    return [{ ...thing, tenantId: owner, what: 'unknown', expected: null }]
  })
}

/** Of a thing that was kept and is not there any more. */
export function missing({ tenantId, externalId, kind, name, fingerprint }: Kept): Drifted {
  const thing = { thing: externalId, kind, name, externalId }
  return { ...thing, tenantId, what: 'missing', expected: fingerprint, found: null }
}

/** A text without what a database can't hold. */
export const plain = (text: string) => text.replaceAll('\0', '')

/** Each thing once, in plain texts. */
export function tidy(found: readonly Surveyed[]): Surveyed[] {
  const things = found.map((thing): [string, Surveyed] => {
    const externalId = plain(thing.externalId)
    const { kind, name, fingerprint, tenantId } = thing
    return [
      externalId,
      {
        externalId,
        kind: plain(kind),
        name: plain(name),
        fingerprint: plain(fingerprint),
        tenantId: tenantId === null ? null : plain(tenantId),
      },
    ]
  })
  return [...new Map(things).values()]
}
