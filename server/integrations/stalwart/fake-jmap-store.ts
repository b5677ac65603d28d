import type { FakeState } from './fake-control.ts'
import { make, patch, type Made, type SetErrorBody, referenceTo } from './fake-jmap-objects.ts'
import { createJmapRows } from './fake-jmap-rows.ts'
import type { AccountFields, DomainFields, ObjectType } from './fake-jmap-schema.ts'
import { createJmapState } from './fake-jmap-state.ts'
import { recordsFor, zoneOf } from './fake-zone.ts'

export type JmapStore = ReturnType<typeof createJmapStore>

/**
 * The objects of 0.16: made, changed and shown as over JMAP, with DKIM keys that are made in the background.
 *
 * @param options.isExternal whether passwords are kept in another directory
 */
export function createJmapStore(options: { isExternal: boolean; now: () => Date }) {
  const kept = createJmapRows(options)
  const { rows, insert, take, free, conflict, linksTo, keysOf, nameOf, publicKeyOf } = kept
  /** What the mail of an account takes, in bytes. */
  const used = new Map<string, number>()
  /** Domains whose keys are to be made. */
  const tasks = new Set<string>()

  const serverSetOf = {
    'x:Domain': (id: string) => ({
      dnsZoneFile: () => zoneOf(recordsFor(nameOf(id), keysOf(id))),
    }),
    'x:Account': (id: string) => ({
      emailAddress: () => {
        const account = rows['x:Account'].get(id)?.fields
        return account ? `${account.name}@${nameOf(account.domainId)}` : ''
      },
      usedDiskQuota: () => used.get(id) ?? 0,
    }),
    'x:DkimSignature': (id: string) => ({ publicKey: () => publicKeyOf(id) }),
  }

  const store = {
    create(type: ObjectType, sent: unknown): Made<string> {
      const made = make(type, sent)
      if ('error' in made) return made
      const error = conflict(type, made.value)
      if (error) return { error, isViolation: false }
      const id = insert(type, made.value as never)
      const isAutomatic =
        type === 'x:Domain' && (made.value as DomainFields).dkimManagement['@type'] === 'Automatic'
      if (isAutomatic) tasks.add(id)
      return { value: id }
    },

    update(type: ObjectType, id: string, changes: unknown): Made<string> {
      const row = rows[type].get(id)
      if (!row) return { error: { type: 'notFound' }, isViolation: false }
      const made = patch(type, row.fields, changes)
      if ('error' in made) return made
      const error = conflict(type, made.value, id)
      if (error) return { error, isViolation: false }
      free(type, row.fields)
      row.fields = made.value as never
      take(type, id, row.fields)
      return { value: id }
    },

    destroy(type: ObjectType, id: string): SetErrorBody | undefined {
      const row = rows[type].get(id)
      if (!row) return { type: 'notFound' }
      const linkedObjects = type === 'x:Domain' ? linksTo(id) : []
      if (linkedObjects.length > 0)
        return { type: 'objectIsLinked', objectId: referenceTo(type, id), linkedObjects }
      rows[type].delete(id)
      free(type, row.fields)
      tasks.delete(id)
      return undefined
    },

    /** Ids, in the order in which their objects were made. */
    ids: (type: ObjectType) => [...rows[type].keys()],
    numberOf: (type: ObjectType, id: string) => rows[type].get(id)?.number,

    /** What text filters look through, by filter. */
    textOf(type: ObjectType, id: string, filter: string): string {
      const fields = rows[type].get(id)?.fields
      if (!fields || !('aliases' in fields)) return ''
      const aliases = type === 'x:Domain' ? Object.keys(fields.aliases) : aliasNames(fields as AccountFields)
      return filter === 'name' ? fields.name : [fields.name, ...aliases, fields.description ?? ''].join(' ')
    },
    domainIdOf(type: ObjectType, id: string): string | undefined {
      const fields = rows[type].get(id)?.fields
      return fields && 'domainId' in fields ? fields.domainId : undefined
    },

    /** An object with these properties; secrets are masked. */
    render(type: ObjectType, id: string, properties: readonly string[]): Record<string, unknown> | undefined {
      const row = rows[type].get(id)
      if (!row) return undefined
      const computed: Record<string, () => unknown> = serverSetOf[type](id)
      const all: Record<string, unknown> = { id, ...row.fields, createdAt: row.createdAt }
      if ('privateKey' in all) all.privateKey = { '@type': 'Text', secret: '*****' }
      return Object.fromEntries(
        ['id', ...properties].flatMap((name) => {
          if (computed[name]) return [[name, computed[name]()]]
          return name in all ? [[name, structuredClone(all[name])]] : []
        }),
      )
    },

    hasTasks: () => tasks.size > 0,
  }

  const state: FakeState = createJmapState(kept, { ...store, used, tasks })
  return { ...store, state }
}

const aliasNames = ({ aliases }: AccountFields) => Object.values(aliases).map(({ name }) => name)
