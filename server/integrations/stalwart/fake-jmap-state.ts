import type { FakeAccount, FakeDomain, FakeState } from './fake-control.ts'
import type { Made, SetErrorBody } from './fake-jmap-objects.ts'
import type { JmapRows } from './fake-jmap-rows.ts'
import type { AccountFields, DomainFields, ObjectType } from './fake-jmap-schema.ts'
import { recordsFor } from './fake-zone.ts'

/** How the state is changed by hand: by the rules that callers meet. */
interface Changing {
  create(type: ObjectType, sent: unknown): Made<string>
  update(type: ObjectType, id: string, changes: unknown): Made<string>
  destroy(type: ObjectType, id: string): SetErrorBody | undefined
  /** What the mail of an account takes, in bytes. */
  used: Map<string, number>
  /** Domains whose keys are to be made. */
  tasks: Set<string>
}

/** What a test sees of the objects of 0.16, and does to them besides calling. */
export function createJmapState(kept: JmapRows, store: Changing): FakeState {
  const { rows, insert, keysOf, fieldsOf, nameOf, idOf } = kept
  const { used, tasks } = store

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
      for (const domainId of tasks) {
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
      tasks.clear()
    },

    clear() {
      kept.clear()
      used.clear()
      tasks.clear()
    },
  }
  return state
}

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
