import type { FakeAccount, FakeDomain, FakeState } from './fake-control.ts'
import {
  make,
  patch,
  referenceTo,
  type Made,
  type ObjectReference,
  type SetErrorBody,
} from './fake-jmap-objects.ts'
import type { AccountFields, DomainFields, ObjectType, SignatureFields } from './fake-jmap-schema.ts'
import { newPublicKey, recordsFor, zoneOf, type FakeKey } from './fake-zone.ts'

interface FieldsOf {
  'x:Domain': DomainFields
  'x:Account': AccountFields
  'x:DkimSignature': SignatureFields
}
interface Kept<Fields> {
  number: number
  fields: Fields
  createdAt: string
}
type Rows = { [Type in ObjectType]: Map<string, Kept<FieldsOf[Type]>> }

export type JmapStore = ReturnType<typeof createJmapStore>

/** Stalwart's ids are letters. */
const toId = (number: number): string =>
  [...number.toString(26)].map((digit) => String.fromCharCode(97 + Number.parseInt(digit, 26))).join('')

/**
 * The objects of 0.16 with Stalwart's rules: names and addresses are unique over everything, what is referred to
 * can't be deleted, and DKIM keys are made in the background.
 *
 * @param options.isExternal whether passwords are kept in another directory
 */
export function createJmapStore(options: { isExternal: boolean; now: () => Date }) {
  const rows: Rows = { 'x:Domain': new Map(), 'x:Account': new Map(), 'x:DkimSignature': new Map() }
  const publicKeys = new Map<string, string>()
  /** What the mail of an account takes, in bytes. */
  const used = new Map<string, number>()
  let tasks: string[] = []
  let last = 0

  const insert = <Type extends ObjectType>(type: Type, fields: FieldsOf[Type]): string => {
    last += 1
    const id = toId(last)
    rows[type].set(id, { number: last, fields, createdAt: options.now().toISOString() })
    take(type, id, fields)
    return id
  }

  /** Which object has a domain's name, or an account's address: there may be thousands. */
  const taken = new Map<string, string>()
  function textsOf(type: ObjectType, fields: unknown): string[] {
    if (type === 'x:DkimSignature') return []
    if (type === 'x:Account') return addressesOf(fields as AccountFields)
    const { name, aliases } = fields as DomainFields
    return [name, ...Object.keys(aliases)]
  }
  const take = (type: ObjectType, id: string, fields: unknown) => {
    for (const text of textsOf(type, fields)) taken.set(text, id)
  }
  const free = (type: ObjectType, fields: unknown) => {
    for (const text of textsOf(type, fields)) taken.delete(text)
  }

  const addressesOf = ({ name, domainId, aliases }: AccountFields) =>
    [{ name, domainId }, ...Object.values(aliases)].map((it) => `${it.name}@${it.domainId}`)

  function domainConflict(domain: DomainFields, self?: string): SetErrorBody | undefined {
    const holders = textsOf('x:Domain', domain).flatMap((name) => taken.get(name) ?? [])
    const other = holders.find((id) => id !== self)
    return other === undefined
      ? undefined
      : { type: 'primaryKeyViolation', properties: ['name'], objectId: referenceTo('x:Domain', other) }
  }

  function accountConflict(account: AccountFields, self?: string): SetErrorBody | undefined {
    for (const { domainId } of [account, ...Object.values(account.aliases)]) {
      if (!rows['x:Domain'].has(domainId))
        return { type: 'invalidForeignKey', objectId: referenceTo('x:Domain', domainId) }
    }
    const wanted = addressesOf(account)
    const hasTwice = new Set(wanted).size < wanted.length
    const other =
      wanted.flatMap((address) => taken.get(address) ?? []).find((id) => id !== self) ??
      (hasTwice ? self : undefined)
    if (other !== undefined)
      return { type: 'primaryKeyViolation', properties: ['email'], objectId: referenceTo('x:Account', other) }
    const hasCredentials = account['@type'] === 'User' && Object.keys(account.credentials).length > 0
    return hasCredentials && options.isExternal
      ? { type: 'forbidden', description: 'Cannot set credentials for accounts in an external directory.' }
      : undefined
  }

  function conflict(type: ObjectType, fields: unknown, self?: string): SetErrorBody | undefined {
    if (type === 'x:Domain') return domainConflict(fields as DomainFields, self)
    if (type === 'x:Account') return accountConflict(fields as AccountFields, self)
    const { domainId } = fields as SignatureFields
    return rows['x:Domain'].has(domainId)
      ? undefined
      : { type: 'invalidForeignKey', objectId: referenceTo('x:Domain', domainId) }
  }

  function linksTo(domainId: string): ObjectReference[] {
    const accounts = [...rows['x:Account']].filter(([, { fields }]) =>
      [fields, ...Object.values(fields.aliases)].some((it) => it.domainId === domainId),
    )
    const keys = [...rows['x:DkimSignature']].filter(([, { fields }]) => fields.domainId === domainId)
    return [
      ...accounts.map(([id]) => referenceTo('x:Account', id)),
      ...keys.map(([id]) => referenceTo('x:DkimSignature', id)),
    ]
  }

  function keysOf(domainId: string): FakeKey[] {
    return [...rows['x:DkimSignature']]
      .filter(([, { fields }]) => fields.domainId === domainId)
      .map(([id, { fields }]) => {
        const type = fields['@type'] === 'Dkim1RsaSha256' ? 'rsa' : 'ed25519'
        const publicKey = publicKeys.get(id) ?? newPublicKey(type)
        publicKeys.set(id, publicKey)
        return { type, selector: fields.selector, publicKey }
      })
  }

  function fieldsOf<Type extends ObjectType>(type: Type, id: string): FieldsOf[Type] {
    const kept = rows[type].get(id)
    if (!kept) throw new TypeError(`There is no ${type} ${id}`)
    return kept.fields
  }
  const nameOf = (domainId: string) => rows['x:Domain'].get(domainId)?.fields.name ?? ''
  function idOf(name: string): string | undefined {
    const id = taken.get(name)
    return id !== undefined && nameOf(id) === name ? id : undefined
  }

  const shownAccount = (id: string, fields: AccountFields): FakeAccount => ({
    ...toFakeAccount(id, fields, nameOf),
    usedBytes: used.get(id) ?? 0,
  })

  const toFakeDomain = (id: string, fields: DomainFields): FakeDomain => ({
    id,
    name: fields.name,
    description: fields.description,
    isEnabled: fields.isEnabled,
    keys: keysOf(id)
      .map(({ type }) => type)
      .sort(),
  })

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
    'x:DkimSignature': (id: string) => ({ publicKey: () => publicKeys.get(id) ?? '' }),
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
      if (isAutomatic) tasks.push(id)
      return { value: id }
    },

    update(type: ObjectType, id: string, changes: unknown): Made<string> {
      const kept = rows[type].get(id)
      if (!kept) return { error: { type: 'notFound' }, isViolation: false }
      const made = patch(type, kept.fields, changes)
      if ('error' in made) return made
      const error = conflict(type, made.value, id)
      if (error) return { error, isViolation: false }
      free(type, kept.fields)
      kept.fields = made.value as never
      take(type, id, kept.fields)
      return { value: id }
    },

    destroy(type: ObjectType, id: string): SetErrorBody | undefined {
      const kept = rows[type].get(id)
      if (!kept) return { type: 'notFound' }
      const linkedObjects = type === 'x:Domain' ? linksTo(id) : []
      if (linkedObjects.length > 0)
        return { type: 'objectIsLinked', objectId: referenceTo(type, id), linkedObjects }
      rows[type].delete(id)
      free(type, kept.fields)
      tasks = tasks.filter((it) => it !== id)
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
      const kept = rows[type].get(id)
      if (!kept) return undefined
      const computed: Record<string, () => unknown> = serverSetOf[type](id)
      const all: Record<string, unknown> = { id, ...kept.fields, createdAt: kept.createdAt }
      if ('privateKey' in all) all.privateKey = { '@type': 'Text', secret: '*****' }
      return Object.fromEntries(
        ['id', ...properties].flatMap((name) => {
          if (computed[name]) return [[name, computed[name]()]]
          return name in all ? [[name, structuredClone(all[name])]] : []
        }),
      )
    },

    hasTasks: () => tasks.length > 0,
  }

  const state: FakeState = {
    domains: () =>
      [...rows['x:Domain']]
        .map(([id, { fields }]) => toFakeDomain(id, fields))
        .sort((one, other) => (one.name < other.name ? -1 : 1)),

    accounts: () =>
      [...rows['x:Account']]
        .filter(([, { fields }]) => fields['@type'] === 'User')
        .map(([id, { fields }]) => shownAccount(id, fields))
        .sort((one, other) => (one.email < other.email ? -1 : 1)),

    records: () => [...rows['x:Domain']].flatMap(([id, { fields }]) => recordsFor(fields.name, keysOf(id))),

    addDomain({ name, description, aliases = [] }) {
      const made = store.create('x:Domain', {
        name,
        ...(description === undefined ? {} : { description }),
        aliases: Object.fromEntries(aliases.map((alias) => [alias, true])),
        dkimManagement: { '@type': 'Manual' },
      })
      if ('error' in made) throw new Error(JSON.stringify(made.error))
      return toFakeDomain(made.value, fieldsOf('x:Domain', made.value))
    },

    addAccount({ email, description, aliases = [], stamp }) {
      const split = (address: string) => {
        const [name = '', domain = ''] = address.split('@')
        return { name, domainId: idOf(domain) ?? domain }
      }
      const listed: Record<string, unknown>[] = aliases.map(split)
      if (stamp) {
        const name = `tenantry-${stamp.split(':').at(-1)}`
        listed.push({ name, domainId: split(email).domainId, enabled: false, description: stamp })
      }
      const made = store.create('x:Account', {
        '@type': 'User',
        ...split(email),
        ...(description === undefined ? {} : { description }),
        aliases: Object.fromEntries(listed.map((alias, index) => [index, alias])),
      })
      if ('error' in made) throw new Error(JSON.stringify(made.error))
      return shownAccount(made.value, fieldsOf('x:Account', made.value))
    },

    changeAccount(email, { canSignIn, description, usedBytes }) {
      const account = state.accounts().find((it) => it.email === email)
      if (account && usedBytes !== undefined) used.set(account.id, usedBytes)
      const disabledPermissions = { authenticate: true }
      store.update('x:Account', account?.id ?? '', {
        ...(description === undefined ? {} : { description }),
        ...(canSignIn === undefined
          ? {}
          : { permissions: canSignIn ? { '@type': 'Inherit' } : { '@type': 'Merge', disabledPermissions } }),
      })
    },

    removeAccount: (email) =>
      void store.destroy('x:Account', state.accounts().find((it) => it.email === email)?.id ?? ''),

    removeKeys(domain) {
      for (const [id, { fields }] of rows['x:DkimSignature'])
        if (nameOf(fields.domainId) === domain) rows['x:DkimSignature'].delete(id)
    },

    runTasks() {
      for (const domainId of tasks.splice(0)) {
        for (const type of ['ed25519', 'rsa'] as const) {
          insert('x:DkimSignature', {
            '@type': type === 'rsa' ? 'Dkim1RsaSha256' : 'Dkim1Ed25519Sha256',
            domainId,
            selector: `v1-${type}-20261125`,
            privateKey: { '@type': 'Text', secret: 'made by the server' },
            stage: 'active',
          })
        }
      }
    },

    clear() {
      for (const objects of Object.values(rows)) objects.clear()
      taken.clear()
      used.clear()
      tasks = []
    },
  }

  return { ...store, state }
}

const aliasNames = ({ aliases }: AccountFields) => Object.values(aliases).map(({ name }) => name)

function toFakeAccount(
  id: string,
  fields: AccountFields,
  nameOf: (domainId: string) => string,
): Omit<FakeAccount, 'usedBytes'> {
  const { permissions } = fields
  const disabled = permissions['@type'] === 'Inherit' ? {} : permissions.disabledPermissions
  return {
    id,
    email: `${fields.name}@${nameOf(fields.domainId)}`,
    aliases: Object.values(fields.aliases)
      .filter(({ enabled }) => enabled)
      .map(({ name, domainId }) => `${name}@${nameOf(domainId)}`)
      .sort(),
    description: fields.description,
    quotaBytes: fields.quotas.maxDiskQuota ?? null,
    canSignIn: !('authenticate' in disabled),
    hasPassword: fields['@type'] === 'User' && Object.keys(fields.credentials).length > 0,
  }
}
