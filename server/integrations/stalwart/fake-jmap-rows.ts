import { referenceTo, type ObjectReference, type SetErrorBody } from './fake-jmap-objects.ts'
import type { AccountFields, DomainFields, ObjectType, SignatureFields } from './fake-jmap-schema.ts'
import { newPublicKey, type FakeKey } from './fake-zone.ts'

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

export type JmapRows = ReturnType<typeof createJmapRows>

/** Stalwart's ids are letters. */
const toId = (number: number): string =>
  [...number.toString(26)].map((digit) => String.fromCharCode(97 + Number.parseInt(digit, 26))).join('')

/**
 * What the fake of 0.16 keeps, with Stalwart's rules of what refers to what: names and addresses are unique over
 * everything, and a domain is linked to by accounts and keys.
 *
 * @param options.isExternal whether passwords are kept in another directory
 */
export function createJmapRows(options: { isExternal: boolean; now: () => Date }) {
  const rows: Rows = { 'x:Domain': new Map(), 'x:Account': new Map(), 'x:DkimSignature': new Map() }
  const publicKeys = new Map<string, string>()
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

  return {
    rows,
    insert,
    take,
    free,
    conflict,
    linksTo,
    keysOf,
    fieldsOf,
    nameOf,
    idOf,
    publicKeyOf: (id: string) => publicKeys.get(id) ?? '',
    clear() {
      for (const objects of Object.values(rows)) objects.clear()
      taken.clear()
    },
  }
}
