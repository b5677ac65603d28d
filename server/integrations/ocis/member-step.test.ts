import { afterEach, beforeEach, describe, expect, it } from 'vitest'
import type { StepPlan, StepPlanner } from '#server/provisioning/step-planner.port'
import { createOcisPlanners, type OcisOptions } from './client'
import type { DesiredTenant } from './desired'
import { startOcisFake, type OcisFake } from './fake'
import type { FakeDrive } from './fake-drives'
import { applyAll, cuttingFetch, meetingFetch, newMember, newTenant, settle } from './fake-tenants'
import { roleIds } from './permissions'
import { describeSpace } from './stamp'

const signal = new AbortController().signal
const ada = 'ada@acme.example'
const bob = 'bob@acme.example'

let fake: OcisFake
let tenant: DesiredTenant
let space: FakeDrive
beforeEach(async () => {
  fake = await startOcisFake({ flavour: 'opencloud' })
  tenant = newTenant({ members: [newMember(ada, 'owner'), newMember(bob)] })
  space = addSpace()
})
afterEach(async () => {
  await fake.stop()
  expect(fake.violations()).toEqual([])
})

const addSpace = () =>
  fake.addDrive({ name: 'Acme', total: 1_000_000_000, description: describeSpace(tenant.id) })

function step(options: Partial<OcisOptions> = {}): StepPlanner {
  const auth = { appToken: fake.credentials.appToken }
  const [, members] = createOcisPlanners({ apiUrl: fake.url, auth, ...options })
  if (!members) throw new Error('no planner')
  return members
}
const plan = (wanted = tenant, options: Partial<OcisOptions> = {}) =>
  step(options).plan(wanted, { externalId: space.id }, signal)
const addUsers = (...mails: string[]) => mails.map((mail) => fake.addUser({ mail }).id)
const letIn = (holderId: string, role: keyof typeof roleIds, kind: 'user' | 'group' | 'link' = 'user') =>
  fake.grant({ driveId: space.id, kind, holderId, roles: [roleIds[role]] })

/** Roles by address or, without one, by id; ourselves left out. */
function inside(): Record<string, string> {
  const users = fake.users()
  const grants = fake.drives().find(({ id }) => id === space.id)?.grants ?? []
  const entries = grants
    .filter(({ holderId }) => holderId !== fake.serviceId)
    .map(({ holderId, roles }) => {
      const role = Object.entries(roleIds).find(([, id]) => id === roles[0])?.[0] ?? roles.join()
      return [users.find(({ id }) => id === holderId)?.mail ?? holderId, role]
    })
  return Object.fromEntries(entries) as Record<string, string>
}
const actions = ({ changes }: StepPlan) => changes.map(({ action, name }) => `${action} ${name}`)
const failureOf = (promise: Promise<unknown>) =>
  promise.then(
    () => expect.fail('it did not fail'),
    (error: unknown) => error,
  )

describe('members, cut off at every single call and planned again', () => {
  it.each([
    ['before', false],
    ['after', false],
    ['before', true],
    ['after', true],
  ] as const)('cut %s a call, accounts made: %s', async (moment, createUsers) => {
    let isDone = false
    let at = 0
    for (; !isDone; at++) {
      fake.reset()
      space = addSpace()
      const [leaver = ''] = addUsers('eve@acme.example')
      letIn(leaver, 'Manager')
      letIn(addUsers(bob)[0] ?? '', 'Viewer')
      if (!createUsers) addUsers(ada)
      const cutting = cuttingFetch(at, moment)
      const first = await plan(tenant, { fetch: cutting.fetch, createUsers })
      expect(first.changes).toHaveLength(createUsers ? 4 : 3)
      cutting.arm()
      isDone = await applyAll(first).then(
        () => true,
        () => false,
      )
      expect((await settle(step({ createUsers }), tenant)).changes).toEqual([])
      expect(inside()).toEqual({ [ada]: 'Manager', [bob]: 'Editor' })
      expect(fake.users()).toHaveLength(3)
      expect(fake.violations()).toEqual([])
    }
    expect(at).toBeGreaterThan(4)
  })
})

describe('members that are right', () => {
  it('take three reads and no write, and the first time one to know who asks', async () => {
    const [adas = '', bobs = ''] = addUsers(ada, bob)
    letIn(adas, 'Manager')
    letIn(bobs, 'Editor')
    const { changes, notes, resources } = await plan()
    expect({ changes, notes }).toEqual({ changes: [], notes: [] })
    expect(resources).toMatchObject([{ kind: 'members', externalId: space.id }])
    expect(fake.calls()).toMatchObject({
      GetDrive: 1,
      GetOwnUser: 1,
      ListUsers: 1,
      ListPermissionsSpaceRoot: 1,
      InviteSpaceRoot: 0,
      UpdatePermissionSpaceRoot: 0,
      DeletePermissionSpaceRoot: 0,
    })
  })

  it('take four reads where they are a thousand, and one call each to let them in', async () => {
    const mails = Array.from({ length: 1000 }, (_, index) => `m${index}@acme.example`)
    addUsers(...mails)
    const many = { ...tenant, members: mails.map((mail) => newMember(mail)) }
    const first = await plan(many)
    expect(first.changes).toHaveLength(1000)
    const reads = { GetDrive: 1, GetOwnUser: 1, ListUsers: 1, ListPermissionsSpaceRoot: 1 }
    expect(fake.calls()).toMatchObject({ ...reads, InviteSpaceRoot: 0 })
    await applyAll(first)
    expect(fake.calls()).toMatchObject({ ...reads, ListPermissionsSpaceRoot: 2, InviteSpaceRoot: 1000 })
    expect((await plan(many)).changes).toEqual([])
    expect(Object.keys(inside())).toHaveLength(1000)
  })

  it('are named in one note, up to five', async () => {
    const members = Array.from({ length: 7 }, (_, index) => newMember(`m${index}@acme.example`))
    const { notes } = await plan({ ...tenant, members })
    expect(notes).toEqual([expect.stringMatching(/: m0@.*m4@acme\.example and 2 more\.$/)])
  })

  it('take no list of spaces where the other step has just seen theirs', async () => {
    const auth = { appToken: fake.credentials.appToken }
    const [first, second] = createOcisPlanners({ apiUrl: fake.url, auth })
    await first?.plan(tenant, { externalId: null }, signal)
    await second?.plan(tenant, { externalId: null }, signal)
    expect(fake.calls()).toMatchObject({ ListAllDrives: 1, GetDrive: 1 })
  })

  it('have another fingerprint once somebody else is in', async () => {
    const [adas = '', bobs = ''] = addUsers(ada, bob)
    const prints = [(await plan()).resources[0]?.fingerprint]
    letIn(adas, 'Manager')
    prints.push((await plan()).resources[0]?.fingerprint)
    letIn(bobs, 'Viewer')
    prints.push((await plan()).resources[0]?.fingerprint)
    expect(new Set(prints).size).toBe(3)
  })
})

describe('who is told by an address', () => {
  it('in any case, and exactly', async () => {
    addUsers('Ada@Acme.Example', 'xada@acme.example', 'ada@acme.example.org')
    expect(actions(await plan({ ...tenant, members: [newMember(ada)] }))).toEqual([`create ${ada}`])
    await settle(step(), { ...tenant, members: [newMember(ada)] })
    expect(inside()).toEqual({ 'Ada@Acme.Example': 'Editor' })
  })

  it('not somebody of another server', async () => {
    fake.addUser({ mail: ada, userType: 'Federated' })
    const { changes, notes } = await plan({ ...tenant, members: [newMember(ada)] })
    expect(changes).toEqual([])
    expect(notes).toEqual([`No account there yet, which comes with the first sign-in: ${ada}.`])
  })

  it('not one of two with the same, neither of whom is put out, while others are', async () => {
    const [one = '', other = '', eve = ''] = addUsers(ada, ada, 'eve@acme.example')
    for (const id of [one, eve]) letIn(id, 'Editor')
    const { changes, notes } = await plan({ ...tenant, members: [newMember(ada)] })
    expect(changes.map(({ name }) => name)).toEqual(['eve@acme.example'])
    expect(notes).toEqual([
      expect.stringMatching(/^More than one account there with that address.*: ada@acme/),
    ])
    expect(other).not.toBe('')
  })

  it('nobody without one', async () => {
    const { changes, notes } = await plan({ ...tenant, members: [newMember(null)] })
    expect(changes).toEqual([])
    expect(notes).toEqual(['No e-mail address, by which an account could be told: Nobody.'])
  })

  it.each([2, 20])(
    'nobody, of %i, where the server hides addresses: it says so and puts nobody out',
    async (count) => {
      const mails = Array.from({ length: count }, (_, index) => `m${index}@acme.example`)
      for (const id of addUsers(...mails)) letIn(id, 'Editor')
      fake.settings.role = 'spaceAdmin'
      const members = mails.map((mail) => newMember(mail))
      const error = await failureOf(plan({ ...tenant, members }))
      expect(error).toMatchObject({ kind: 'unauthorized' })
      expect(String(error)).toContain('give it the role Admin')
    },
  )

  it('everybody, of many, by searching where the account may not list all', async () => {
    const mails = Array.from({ length: 20 }, (_, index) => `m${index}@of-${index}.example`)
    addUsers(...mails)
    fake.settings.role = 'spaceAdmin'
    fake.settings.showsMail = true
    fake.faults.add({ kind: 'delay', ms: 5, operation: 'ListUsers', times: 'always' })
    const members = mails.map((mail) => newMember(mail))
    expect((await plan({ ...tenant, members })).changes).toHaveLength(20)
    expect(fake.calls().ListUsers).toBe(21)
    expect(fake.peakConcurrency()).toBe(4)
  })
})

describe('who is left alone', () => {
  it('are groups, links, people of other servers and the service account', async () => {
    const group = fake.addGroup('Physics')
    letIn(group.id, 'Editor', 'group')
    letIn('', 'Viewer', 'link')
    const federated = fake.addUser({ mail: 'eve@elsewhere.example', userType: 'Federated' })
    letIn(federated.id, 'Viewer')
    const { changes, notes } = await plan({ ...tenant, members: [] })
    expect(changes).toEqual([])
    expect(notes).toEqual(['Let in by hand, as groups, and left alone: Physics.'])
  })

  it('is the service account, as a member too', async () => {
    const members = [newMember('tenantry@service.example.org')]
    const { changes, notes } = await plan({ ...tenant, members })
    expect({ changes, notes }).toEqual({ changes: [], notes: [] })
  })

  it('is not who was let in by hand, nor a role of single actions', async () => {
    const [adas = '', eves = ''] = addUsers(ada, 'eve@acme.example')
    fake.grant({ driveId: space.id, kind: 'user', holderId: adas, roles: [] })
    letIn(eves, 'Viewer')
    const { changes } = await plan({ ...tenant, members: [newMember(ada)] })
    expect(changes).toMatchObject([
      { action: 'update', name: 'eve@acme.example', fields: { role: { from: 'Viewer', to: null } } },
      { action: 'update', name: ada, fields: { role: { from: 'single actions', to: 'Editor' } } },
    ])
    await settle(step(), { ...tenant, members: [newMember(ada)] })
    expect(inside()).toEqual({ [ada]: 'Editor' })
  })
})

describe('somebody else was quicker', () => {
  it('two writers end with the same members', async () => {
    addUsers(ada, bob)
    const fetch = meetingFetch(2)
    const plans = await Promise.all([plan(tenant, { fetch }), plan(tenant, { fetch })])
    await Promise.all(plans.map((each) => applyAll(each)))
    expect(inside()).toEqual({ [ada]: 'Manager', [bob]: 'Editor' })
  })

  it('and let them in with another role', async () => {
    const [adas = ''] = addUsers(ada)
    const first = await plan()
    letIn(adas, 'Viewer')
    await applyAll(first)
    expect(inside()).toEqual({ [ada]: 'Manager' })
  })

  it('and put them out', async () => {
    const [eves = ''] = addUsers('eve@acme.example')
    letIn(eves, 'Viewer')
    const wanted = { ...tenant, members: [] }
    const [first, second] = [await plan(wanted), await plan(wanted)]
    await applyAll(first)
    await applyAll(second)
    expect(inside()).toEqual({})
  })

  it('and made the account', async () => {
    const wanted = { ...tenant, members: [newMember(ada)] }
    const first = await plan(wanted, { createUsers: true })
    addUsers(ada)
    await applyAll(first)
    expect(inside()).toEqual({ [ada]: 'Editor' })
    expect(fake.users()).toHaveLength(1)
  })

  it('and took the username for another address', async () => {
    fake.addUser({ mail: '', displayName: ada })
    const wanted = { ...tenant, members: [newMember(ada)] }
    const first = await plan(wanted, { createUsers: true })
    expect(actions(first)).toContain(`create ${ada}`)
    const error = await failureOf(applyAll(first))
    expect(error).toMatchObject({ kind: 'conflict', retryable: false })
    expect(String(error)).toContain(`The username ${ada} is taken`)
  })
})

describe('where there is no open space', () => {
  it('shows who would come in, and lets them in once it is there', async () => {
    addUsers(ada)
    fake.changeDrive(space.id, { description: 'somebody else’s' })
    const wanted = { ...tenant, members: [newMember(ada)] }
    const first = await step().plan(wanted, { externalId: null }, signal)
    expect(first.resources).toEqual([])
    expect(actions(first)).toEqual([`create ${ada}`])
    expect(await failureOf(applyAll(first))).toMatchObject({ kind: 'rejected', retryable: true })
    space = addSpace()
    await applyAll(first)
    expect(inside()).toEqual({ [ada]: 'Editor' })
  })

  it('notes one that is disabled', async () => {
    fake.changeDrive(space.id, { isDisabled: true })
    const { changes, notes } = await plan()
    expect(changes).toEqual([])
    expect(notes).toEqual([expect.stringContaining('The space is disabled')])
  })

  it.each(['closed', 'purged'] as const)('changes nothing of a tenant that is %s', async (state) => {
    addUsers(ada)
    const { changes, notes } = await plan({ ...tenant, state })
    expect({ changes, notes }).toEqual({ changes: [], notes: [] })
  })
})

describe('what was not done', () => {
  it.each([
    ['letting in', 'InviteSpaceRoot', { status: 200, body: { value: [] } }, 'is not in the space'],
    ['a role', 'UpdatePermissionSpaceRoot', { status: 200, body: { id: 'x' } }, 'is Viewer in the space'],
    ['putting out', 'DeletePermissionSpaceRoot', { status: 204 }, 'is Editor in the space'],
  ] as const)('is found out, of %s', async (_what, operation, answer, words) => {
    const [adas = '', , eves = ''] = addUsers(ada, bob, 'eve@acme.example')
    letIn(adas, 'Viewer')
    letIn(eves, 'Editor')
    const first = await plan()
    fake.faults.add({ kind: 'answer', operation, ...answer })
    const error = await failureOf(applyAll(first))
    expect(error).toMatchObject({ kind: 'contract', retryable: true })
    expect(String(error)).toContain(words)
  })

  it('is said in one line, whatever people call themselves', async () => {
    const { id } = fake.addUser({
      mail: 'eve@acme.example',
      displayName: `Eve\n\u001b[2J${'x'.repeat(5000)}`,
    })
    letIn(id, 'Editor')
    const first = await plan({ ...tenant, members: [] })
    const body = { error: { code: 'accessDenied', message: 'no' } }
    fake.faults.add({ kind: 'answer', operation: 'DeletePermissionSpaceRoot', status: 403, body })
    const error = await failureOf(applyAll(first))
    expect(error).toMatchObject({ kind: 'unauthorized' })
    expect(String(error)).toMatch(/refused to take Eve \[2Jx+/)
    expect(String(error)).not.toMatch(/\p{Cc}/u)
    expect(String(error).length).toBeLessThan(1100)
  })

  it('is found out, of putting out what may not be put out', async () => {
    const [eves = ''] = addUsers('eve@acme.example')
    letIn(eves, 'Editor')
    const first = await plan({ ...tenant, members: [] })
    const body = { error: { code: 'itemNotFound', message: 'drive not found' } }
    fake.faults.add({ kind: 'answer', operation: 'DeletePermissionSpaceRoot', status: 404, body })
    expect(await failureOf(applyAll(first))).toMatchObject({ kind: 'unauthorized' })
  })
})
