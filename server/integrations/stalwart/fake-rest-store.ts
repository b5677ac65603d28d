import type { FakeAccount, FakeState } from './fake-control.ts'
import { permissions, type ChangesBody, type PrincipalBody } from './fake-rest-schema.ts'
import { newPublicKey, recordsFor, type FakeKey } from './fake-zone.ts'

/** `{ error }` with which 0.15 refuses, in an answer of the status 200. */
export type RestError = { error: string } & Record<string, string | null>

interface Principal {
  id: number
  type: PrincipalBody['type']
  name: string
  description: string
  quota: number
  usedQuota: number
  secrets: string[]
  emails: string[]
  urls: string[]
  roles: string[]
  enabledPermissions: string[]
  disabledPermissions: string[]
}
type Outcome<Value> = { data: Value } | RestError

export type RestStore = ReturnType<typeof createRestStore>

const exists = (field: string, value: string): RestError => ({ error: 'fieldAlreadyExists', field, value })
const notFound = (item: string): RestError => ({ error: 'notFound', item })

/**
 * Principals and DKIM keys of 0.15 with Stalwart's rules: names and addresses are unique over everything, a domain
 * that still has accounts is deleted all the same, and a key is used once the settings were read again.
 */
export function createRestStore(options: { isExternal: boolean }) {
  const principals = new Map<string, Principal>()
  /** By their own names, such as `rsa-acme.example`; `isUsed`: after the settings were read again. */
  const keys = new Map<string, FakeKey & { domain: string; secret: string; isUsed: boolean }>()
  let last = 0

  const domainOf = (email: string) => email.slice(email.lastIndexOf('@') + 1)
  const holderOf = (email: string) => [...principals.values()].find(({ emails }) => emails.includes(email))

  function emailFault(email: string, self?: Principal): RestError | undefined {
    const holder = holderOf(email)
    if (holder && holder !== self) return exists('emails', email)
    return principals.get(domainOf(email))?.type === 'domain' ? undefined : notFound(domainOf(email))
  }

  const permissionFault = (names: readonly string[]): RestError | undefined => {
    const unknown = names.find((name) => !permissions.some((it) => it === name))
    return unknown === undefined
      ? undefined
      : {
          error: 'other',
          details: 'Invalid disabledPermissions value',
          reason: `Permission ${unknown} is invalid`,
        }
  }

  function apply(principal: Principal, { action, field, value }: ChangesBody[number]): RestError | undefined {
    if (field === 'name') {
      const name = value.toLowerCase()
      if (name !== principal.name && principals.has(name)) return exists('name', name)
      principals.delete(principal.name)
      principal.name = name
      principals.set(name, principal)
      return undefined
    }
    if (field === 'description' || field === 'quota') {
      Object.assign(principal, { [field]: value })
      return undefined
    }
    const list = principal[field]
    const wanted =
      action === 'set'
        ? [value].flat().map((it) => it.toLowerCase())
        : action === 'addItem'
          ? [...new Set([...list, ...[value].flat()])]
          : list.filter((it) => it !== value)
    const fault =
      field === 'emails'
        ? wanted.map((email) => emailFault(email, principal)).find(Boolean)
        : field.endsWith('Permissions')
          ? permissionFault(wanted)
          : undefined
    if (!fault) principal[field] = wanted
    return fault
  }

  const store = {
    create(body: PrincipalBody, isDeployed: boolean): Outcome<number> {
      const name = body.name.toLowerCase()
      if (body.type === 'individual' && options.isExternal && !isDeployed)
        return { error: 'unsupported', details: 'OpenID directory cannot be managed.' }
      if (principals.has(name)) return exists('name', name)
      const emails = (body.emails ?? []).map((email) => email.toLowerCase())
      const fault = emails.map((email) => emailFault(email)).find(Boolean)
      if (fault) return fault
      const disabledPermissions = body.disabledPermissions ?? []
      const unknown = permissionFault(disabledPermissions)
      if (unknown) return unknown
      last += 1
      const { type, description = '', quota = 0, secrets = [], urls = [], roles = [] } = body
      const enabledPermissions = body.enabledPermissions ?? []
      const rest = { secrets, emails, urls, roles, enabledPermissions, disabledPermissions }
      principals.set(name, { id: last, type, name, description, quota, usedQuota: 0, ...rest })
      return { data: last }
    },

    update(name: string, changes: ChangesBody): Outcome<null> {
      const principal = principals.get(name.toLowerCase())
      if (!principal) return notFound(name)
      // All of them, or none.
      const before = structuredClone(principal)
      for (const change of changes) {
        const fault = apply(principal, change)
        if (!fault) continue
        principals.delete(principal.name)
        principals.set(before.name, Object.assign(principal, before))
        return fault
      }
      return { data: null }
    },

    remove(name: string): Outcome<null> {
      return principals.delete(name.toLowerCase()) ? { data: null } : notFound(name)
    },

    find: (name: string) => principals.get(name.toLowerCase()),
    list: () => [...principals.values()].sort((one, other) => (one.name < other.name ? -1 : 1)),

    /** As Stalwart does, it repeats the private key of one that is there already. */
    createKey(algorithm: 'Ed25519' | 'Rsa', domain: string): Outcome<null> {
      const type = algorithm === 'Rsa' ? 'rsa' : 'ed25519'
      const id = `${type}-${domain}`
      const existing = keys.get(id)
      if (existing) return exists(`signature.${id}.private-key`, existing.secret)
      const secret = `-----BEGIN PRIVATE KEY-----\n${newPublicKey('rsa')}\n-----END PRIVATE KEY-----\n`
      const selector = `202611${type[0]}`
      keys.set(id, { type, selector, publicKey: newPublicKey(type), domain, secret, isUsed: false })
      return { data: null }
    },

    /** Deletes the settings of whole names, or all that begin with a prefix. A key without its domain is none. */
    deleteSettings(matches: (setting: string) => boolean): void {
      for (const id of keys.keys()) if (matches(`signature.${id}.domain`)) keys.delete(id)
    },

    reload: () => keys.forEach((key) => (key.isUsed = true)),
    recordsOf: (domain: string) => recordsFor(domain, keysOf(domain)),
  }

  const keysOf = (domain: string) => [...keys.values()].filter((key) => key.domain === domain)

  const state: FakeState = {
    domains: () =>
      store
        .list()
        .filter(({ type }) => type === 'domain')
        .map(({ id, name, description }) => ({
          id: String(id),
          name,
          description: description || null,
          isEnabled: true,
          keys: keysOf(name)
            .filter(({ isUsed }) => isUsed)
            .map(({ type }) => type)
            .sort(),
        })),

    accounts: () =>
      store
        .list()
        .filter(({ type }) => type === 'individual')
        .map(toFakeAccount),

    records: () => state.domains().flatMap(({ name }) => recordsFor(name, keysOf(name))),

    addDomain({ name, description }) {
      return put({ type: 'domain', name, ...(description === undefined ? {} : { description }) }, () =>
        state.domains().find((it) => it.name === name),
      )
    },

    addAccount({ email, description, aliases = [], stamp }) {
      const body = {
        type: 'individual',
        name: email,
        emails: [email, ...aliases],
        urls: stamp ? [stamp] : [],
        roles: ['user'],
        ...(description === undefined ? {} : { description }),
      } as const
      return put({ ...body, emails: [...body.emails], urls: [...body.urls], roles: [...body.roles] }, () =>
        state.accounts().find((it) => it.email === email),
      )
    },

    changeAccount(email, { canSignIn, description, usedBytes }) {
      const principal = holderOf(email)
      if (!principal) return
      if (description !== undefined) principal.description = description
      if (usedBytes !== undefined) principal.usedQuota = usedBytes
      if (canSignIn !== undefined) principal.disabledPermissions = canSignIn ? [] : ['authenticate']
    },

    removeAccount: (email) => void principals.delete(holderOf(email)?.name ?? ''),
    removeKeys: (domain) => keys.forEach((key, id) => key.domain === domain && keys.delete(id)),
    runTasks: () => {},
    clear() {
      principals.clear()
      keys.clear()
    },
  }

  function put<Kept>(body: PrincipalBody, find: () => Kept | undefined): Kept {
    const made = store.create(body, true)
    const kept = find()
    if ('error' in made || !kept) throw new Error(JSON.stringify(made))
    return kept
  }

  return { ...store, state }
}

function toFakeAccount(principal: Principal): FakeAccount {
  const { id, name, emails, description, quota, usedQuota, disabledPermissions, secrets } = principal
  return {
    id: String(id),
    email: emails[0] ?? name,
    aliases: emails.slice(1).sort(),
    description: description || null,
    quotaBytes: quota || null,
    canSignIn: !disabledPermissions.includes('authenticate'),
    hasPassword: secrets.length > 0,
    usedBytes: usedQuota,
  }
}
