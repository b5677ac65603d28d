import type { PlannedChange, StepPlan, StepPlanner } from '#server/provisioning/step-planner.port'
import { createOcisPlanners, type OcisAuth, type OcisOptions } from './client.ts'
import type { DesiredMember, DesiredTenant } from './desired.ts'
import type { Flavour } from './fake-schema.ts'
import { newMember, newTenant } from './fake-tenants.ts'
import { startOcisFake } from './fake.ts'

// What the contract's suites are run against, and what they do to it by hand.

const signal = new AbortController().signal

/** Something that says it speaks LibreGraph. */
export interface Target {
  name: string
  open(): Promise<Opened>
}
interface Opened {
  url: string
  auth: OcisAuth
  /** `user:token`, by which the suites themselves ask. */
  appToken: string
  /** @returns what did not fit the published schema, in words */
  close(): Promise<string[]>
}

export interface RawDrive {
  id: string
  name: string
  description?: string
  quota: { total?: number; used?: number }
  root: { deleted?: { state: string } }
}
export interface RawPermission {
  id: string
  roles?: string[]
  grantedToV2?: { user?: { id: string } }
}

const fakeOf = (flavour: Flavour): Target => ({
  name: `the fake of ${flavour}`,
  async open() {
    const fake = await startOcisFake({ flavour })
    const { clientId, clientSecret, appToken } = fake.credentials
    return {
      url: fake.url,
      auth: { clientId, clientSecret, tokenUrl: fake.tokenUrl },
      appToken,
      async close() {
        await fake.stop()
        return fake.violations()
      },
    }
  },
})

/**
 * The fakes, and a real server where one is given: its token is `user:token` of somebody with the role Admin. What the
 * suites make there, they remove.
 */
export function targetsOf(environment: Record<string, string | undefined>): Target[] {
  const { OCIS_TEST_URL: url, OCIS_TEST_TOKEN: appToken } = environment
  const fakes = [fakeOf('ocis'), fakeOf('opencloud')]
  if (!url && !appToken) return fakes
  if (!url || !appToken) throw new Error('OCIS_TEST_URL and OCIS_TEST_TOKEN are set together, or not at all')
  const open = async () => ({ url, auth: { appToken }, appToken, close: async () => [] })
  return [...fakes, { name: 'a real server', open }]
}

/** In a path, as the servers want it. */
export const encode = (id: string) => encodeURIComponent(id).replaceAll('!', '%21')
export const drivePath = (id: string) => `v1.0/drives/${encode(id)}`
export const rootPath = (id: string) => `v1beta1/drives/${encode(id)}/root`

/** Of changes what is shown, without their reasons. */
export const shown = ({ changes }: StepPlan) =>
  changes.map(({ action, kind, name, fields }) => ({ action, kind, name, ...(fields ? { fields } : {}) }))

/** Makes all changes. @throws TypeError for one that is refused */
export async function makeAll(changes: readonly PlannedChange[]): Promise<void> {
  for (const change of changes) await change.apply(signal)
}

/** A target with what a suite does to it, by hand and through the planners. */
export async function enter({ open }: Target) {
  const target = await open()
  const authorization = `Basic ${Buffer.from(target.appToken).toString('base64')}`
  const tenantIds: string[] = []
  const strangers: string[] = []
  const userIds: string[] = []

  async function call<Body = unknown>(
    method: string,
    path: string,
    body?: unknown,
    headers: Record<string, string> = {},
  ) {
    const response = await fetch(`${new URL(target.url).origin}/graph/${path}`, {
      method,
      headers: { authorization, 'content-type': 'application/json', ...headers },
      ...(body === undefined ? {} : { body: JSON.stringify(body) }),
    })
    const text = await response.text()
    return { status: response.status, body: (text ? JSON.parse(text) : undefined) as Body }
  }

  const allDrives = async () =>
    (await call<{ value?: RawDrive[] }>('GET', "v1.0/drives?$filter=driveType eq 'project'")).body.value ?? []

  function planners(options: Partial<OcisOptions> = {}) {
    const [space, members] = createOcisPlanners({ apiUrl: target.url, auth: target.auth, ...options })
    return { space: space as StepPlanner, members: members as StepPlanner }
  }

  return {
    ...target,
    call,
    allDrives,
    planners,
    drivesOf: async ({ id }: DesiredTenant) =>
      (await allDrives()).filter(({ description }) => description?.includes(id)),
    readDrive: async (id: string) => (await call<RawDrive>('GET', drivePath(id))).body,
    permissionsOf: async (id: string) =>
      (await call<{ value: RawPermission[] }>('GET', `${rootPath(id)}/permissions`)).body.value,

    async makeDrive(body: Record<string, unknown>) {
      const { body: drive } = await call<RawDrive>('POST', 'v1.0/drives', body)
      strangers.push(drive.id)
      return drive
    },

    async makeUser(mail: string) {
      const account = { displayName: mail, mail, onPremisesSamAccountName: mail }
      const made = await call<{ id: string }>('POST', 'v1.0/users', account)
      if (made.status !== 201 && made.status !== 200) throw new Error(`no account was made: ${made.status}`)
      userIds.push(made.body.id)
      return made.body.id
    },

    /** Has accounts removed at the end that the planners made. */
    forget: (...ids: string[]) => void userIds.push(...ids),

    /** With a name that nobody else has. */
    newTenant(change: Partial<DesiredTenant> = {}): DesiredTenant {
      const id = crypto.randomUUID()
      tenantIds.push(id)
      const slug = `test-${id.slice(0, 18)}`
      return newTenant({ id, slug, name: `Test ${slug}`, storageBytes: 5_000_000_000, ...change })
    },

    newMember(role: DesiredMember['role'] = 'member') {
      const email = `t${crypto.randomUUID()}@members.example.org`
      return { ...newMember(email, role), email }
    },

    /** Plans, applies, plans again. @returns both plans @throws Error where the second still has a change */
    async converge(step: 'space' | 'members', tenant: DesiredTenant, known: string | null = null) {
      const planner = planners()[step]
      const first = await planner.plan(tenant, { externalId: known }, signal)
      await makeAll(first.changes)
      const between = await planner.plan(tenant, { externalId: known }, signal)
      const externalId = between.resources[0]?.externalId ?? known
      const second = await planner.plan(tenant, { externalId }, signal)
      const left = shown(second)
      if (left.length > 0) throw new Error(`planned again, something is left: ${JSON.stringify(left)}`)
      return { first, second, externalId: externalId as string }
    },

    /** Removes all that was made, and leaves. @returns what did not fit the published schema, in words */
    async leave(): Promise<string[]> {
      const mine = (await allDrives()).filter(
        ({ id, description = '' }) =>
          strangers.includes(id) || tenantIds.some((it) => description.includes(it)),
      )
      for (const { id, root } of mine) {
        if (!root.deleted) await call('DELETE', drivePath(id))
        await call('DELETE', drivePath(id), undefined, { Purge: 'T' })
      }
      for (const id of userIds) await call('DELETE', `v1.0/users/${encode(id)}`)
      return target.close()
    },
  }
}
