import { afterEach, beforeEach, describe, expect, it } from 'vitest'
import type { StepPlanner } from '#server/provisioning/step-planner.port'
import { createOcisPlanners, type OcisOptions } from './client'
import type { DesiredTenant } from './desired'
import { startOcisFake, type OcisFake } from './fake'
import type { FakeDriveRequest } from './fake-drives'
import { applyAll, cuttingFetch, meetingFetch, newTenant, settle } from './fake-tenants'
import { describeSpace, describeSuperseded } from './stamp'

const signal = new AbortController().signal
const html = '<!DOCTYPE html><html><body>502</body></html>'

let fake: OcisFake
let tenant: DesiredTenant
beforeEach(async () => {
  fake = await startOcisFake()
  tenant = newTenant()
})
afterEach(async () => {
  await fake.stop()
  expect(fake.violations()).toEqual([])
})

function step(options: Partial<OcisOptions> = {}): StepPlanner {
  const auth = { appToken: fake.credentials.appToken }
  const [space] = createOcisPlanners({ apiUrl: fake.url, auth, ...options })
  if (!space) throw new Error('no planner')
  return space
}
const plan = (externalId: string | null, options: Partial<OcisOptions> = {}) =>
  step(options).plan(tenant, { externalId }, signal)
const addOurs = (change: Partial<FakeDriveRequest> = {}) =>
  fake.addDrive({ name: 'Acme', total: 1_000_000_000, description: describeSpace(tenant.id), ...change })
const open = () => fake.drives().filter(({ isDisabled }) => !isDisabled)
const writes = () => {
  const { CreateDrive, UpdateDrive, DeleteDrive } = fake.calls()
  return { CreateDrive, UpdateDrive, DeleteDrive }
}
const none = { CreateDrive: 0, UpdateDrive: 0, DeleteDrive: 0 }

/** Each change of a space: what is there before, and what is asked for. */
const flows: { flow: string; state: DesiredTenant['state']; before: Partial<FakeDriveRequest>[] }[] = [
  { flow: 'made', state: 'active', before: [] },
  { flow: 'changed', state: 'active', before: [{ name: 'Old', total: 5 }] },
  { flow: 'restored and changed', state: 'active', before: [{ name: 'Old', total: 5, isDisabled: true }] },
  { flow: 'disabled', state: 'closed', before: [{}] },
  { flow: 'purged', state: 'purged', before: [{}, { isDisabled: true }] },
  { flow: 'rid of a second one', state: 'active', before: [{ used: 7 }, {}] },
]

describe('a space, cut off at every single call and planned again', () => {
  const cases = flows.flatMap((flow) => (['before', 'after'] as const).map((moment) => ({ ...flow, moment })))

  it.each(cases)('is $flow, cut $moment a call', async ({ state, before, moment }) => {
    const wanted = { ...tenant, state }
    let isDone = false
    let at = 0
    for (; !isDone; at++) {
      fake.reset()
      for (const drive of before) addOurs(drive)
      const cutting = cuttingFetch(at, moment)
      const first = await step({ fetch: cutting.fetch }).plan(wanted, { externalId: null }, signal)
      cutting.arm()
      isDone = await applyAll(first).then(
        () => true,
        (error: unknown) => {
          expect(error).toMatchObject({ service: 'ocis', kind: 'unreachable' })
          return false
        },
      )
      expect((await settle(step(), wanted)).changes).toEqual([])
      if (state === 'active') {
        expect(open()).toMatchObject([
          { name: 'Acme', total: 1_000_000_000, description: describeSpace(tenant.id) },
        ])
      } else {
        expect(open()).toEqual([])
        expect(fake.drives()).toHaveLength(state === 'purged' ? 0 : 1)
      }
      expect(fake.violations()).toEqual([])
    }
    // Making one is a single call, whose answer says how it is.
    expect(at).toBeGreaterThan(before.length === 0 ? 1 : 2)
  })

  it.each([
    ['the answer is cut', { kind: 'drop', when: 'midway' }, 'unreachable'],
    ['no answer comes', { kind: 'hang', when: 'after' }, 'timeout'],
    ['a proxy answers instead', { kind: 'answer', when: 'after', status: 502, body: html }, 'unavailable'],
  ] as const)('is adopted where it was made and %s', async (_what, fault, kind) => {
    const first = await plan(null, { timeoutMs: 300 })
    fake.faults.add({ operation: 'CreateDrive', ...fault })
    await expect(applyAll(first)).rejects.toMatchObject({ kind, retryable: true })
    const [made] = fake.drives()
    const { changes, resources } = await plan(null)
    expect(changes).toEqual([])
    expect(resources).toMatchObject([{ externalId: made?.id }])
    expect(fake.calls().CreateDrive).toBe(1)
  })

  it('is brought in line where it was made otherwise than asked for', async () => {
    const first = await plan(null)
    const status = 201
    const other = fake.addDrive({ name: 'Acm', total: 5, description: describeSpace(tenant.id) })
    const body = { ...other, driveType: 'project', quota: { total: 5 } }
    fake.faults.add({ kind: 'answer', operation: 'CreateDrive', status, body })
    await applyAll(first)
    expect(open()).toMatchObject([{ name: 'Acme', total: 1_000_000_000 }])
  })

  it('is found with one list by all tenants that look for theirs at once, as it is then', async () => {
    const spaceOf = step()
    const tenants = Array.from({ length: 20 }, () => newTenant())
    const planOf = (wanted: DesiredTenant) => spaceOf.plan(wanted, { externalId: null }, signal)
    fake.faults.add({ kind: 'delay', ms: 50, operation: 'ListAllDrives' })
    const reading = planOf(newTenant())
    await expect.poll(() => fake.calls().ListAllDrives).toBe(1)
    for (const { id } of tenants) fake.addDrive({ name: 'Acme', description: describeSpace(id) })
    const plans = await Promise.all([...tenants.map(planOf), reading])
    expect(plans.filter(({ resources }) => resources.length === 1)).toHaveLength(20)
    expect(fake.calls().ListAllDrives).toBe(2)
  })

  it('is made once where one change is made twice', async () => {
    const first = await plan(null)
    await applyAll(first)
    await applyAll(first)
    expect(fake.drives()).toHaveLength(1)
  })

  it('ends with the reason of its signal', async () => {
    const controller = new AbortController()
    fake.faults.add({ kind: 'hang' })
    const fetch: typeof globalThis.fetch = (input, init) => {
      queueMicrotask(() => controller.abort(new Error('drained')))
      return globalThis.fetch(input, init)
    }
    const planned = step({ fetch }).plan(tenant, { externalId: null }, controller.signal)
    await expect(planned).rejects.toThrow('drained')
    const later = step().plan(tenant, { externalId: null }, AbortSignal.abort(new Error('drained')))
    await expect(later).rejects.toThrow('drained')
    expect(fake.drives()).toEqual([])
  })
})

describe('a space that is right', () => {
  it('takes one small call where it is known, and no write', async () => {
    const { id } = addOurs()
    const { changes, resources, notes } = await plan(id)
    expect({ changes, notes }).toEqual({ changes: [], notes: [] })
    expect(resources).toMatchObject([{ externalId: id }])
    expect(fake.calls()).toMatchObject({ ...none, GetDrive: 1, ListAllDrives: 0 })
  })

  it('takes one list where it is not known, and no write', async () => {
    const { id } = addOurs()
    expect(await plan(null)).toMatchObject({ changes: [], resources: [{ externalId: id }] })
    expect(fake.calls()).toMatchObject({ ...none, GetDrive: 0, ListAllDrives: 1 })
  })

  it('is found in the list where it is not shown by its id', async () => {
    const { id } = addOurs({ isOurs: false })
    expect(await plan(id)).toMatchObject({ changes: [], resources: [{ externalId: id }] })
  })

  it('has a quota of its own where the tenant has none, since 0 is no limit', async () => {
    await settle(step(), { ...tenant, storageBytes: 0 })
    expect(fake.drives()).toMatchObject([{ total: 1 }])
  })
})

describe('two writers', () => {
  it('settle on one space with their next plan, and set the other aside', async () => {
    const fetch = meetingFetch(2)
    const plans = await Promise.all([plan(null, { fetch }), plan(null, { fetch })])
    await Promise.all(plans.map((each) => applyAll(each)))
    expect(fake.calls().CreateDrive).toBe(2)
    const again = await Promise.all([plan(null), plan(null)])
    expect(again[0]?.changes).toMatchObject([{ action: 'update', fields: { state: { to: 'disabled' } } }])
    await Promise.all(again.map((each) => applyAll(each)))
    expect(open()).toHaveLength(1)
    const aside = fake.drives().filter(({ isDisabled }) => isDisabled)
    expect(aside).toMatchObject([{ description: describeSuperseded(tenant.id) }])
    const { changes, resources } = await plan(null)
    expect(changes).toEqual([])
    expect(resources).toMatchObject([{ externalId: open()[0]?.id }])
  })

  it('settle on the one that holds files, whatever they knew before', async () => {
    const empty = addOurs()
    const used = addOurs({ used: 7 })
    expect((await settle(step(), tenant)).resources).toMatchObject([{ externalId: used.id }])
    expect(fake.drives()).toMatchObject([
      { id: empty.id, isDisabled: true, description: describeSuperseded(tenant.id) },
      { id: used.id, isDisabled: false },
    ])
    expect(await plan(empty.id)).toMatchObject({ changes: [], resources: [{ externalId: used.id }] })
  })

  it('do not take what holds files by now', async () => {
    addOurs({ used: 7 })
    const second = addOurs()
    const first = await plan(null)
    expect(first.changes).toMatchObject([{ action: 'update', reason: expect.stringContaining(second.id) }])
    fake.changeDrive(second.id, { used: 1 })
    await expect(applyAll(first)).rejects.toMatchObject({ kind: 'conflict', retryable: false })
    expect(open()).toHaveLength(2)
  })

  it('leave two that both hold files to an operator', async () => {
    const spaces = [addOurs({ used: 7 }), addOurs({ used: 8 })].sort((a, b) => (a.id < b.id ? -1 : 1))
    const found = await plan(null)
    expect(found.resources.map(({ externalId }) => externalId)).toEqual(spaces.map(({ id }) => id))
    expect(found.changes).toEqual([])
    expect(found.notes).toEqual([expect.stringContaining(`${spaces[1]?.id}), holds files: move`)])
    expect(fake.calls()).toMatchObject(none)
  })

  it('note a second one that is disabled', async () => {
    const main = addOurs()
    const second = addOurs({ isDisabled: true })
    const { changes, notes, resources } = await plan(null)
    expect(changes).toEqual([])
    expect(notes).toEqual([expect.stringContaining(second.id)])
    expect(resources.map(({ externalId }) => externalId)).toEqual([main.id, second.id])
  })

  it('disable what was set aside and left open', async () => {
    addOurs()
    addOurs({ description: describeSuperseded(tenant.id) })
    expect((await settle(step(), tenant)).changes).toEqual([])
    expect(open()).toMatchObject([{ description: describeSpace(tenant.id) }])
  })
})

describe('what is not ours', () => {
  it('is a known space that now carries the mark of another tenant', async () => {
    const { id } = addOurs({ description: describeSpace(newTenant().id) })
    const { changes, resources } = await plan(id)
    expect(resources).toEqual([])
    expect(changes).toMatchObject([
      {
        action: 'refuse',
        reason: expect.stringContaining(`end its description with [tenantry:space:${tenant.id}]`),
      },
    ])
    await expect(changes[0]?.apply(signal)).rejects.toThrow(TypeError)
  })

  it.each([
    ['a mark in the middle', (id: string) => `[tenantry:space:${id}] and more`],
    ['two marks', (id: string) => `[tenantry:space:${newTenant().id}] [tenantry:space:${id}]`],
    ['another mark', (id: string) => `[tenantry:group:${id}]`],
    ['half a mark', (id: string) => `[tenantry:space:${id}`],
  ])('is a space with %s', async (_what, description) => {
    addOurs({ description: description(tenant.id) })
    expect((await plan(null)).changes).toMatchObject([{ action: 'create' }])
  })

  it('is a personal space, even if the filter were ignored', async () => {
    addOurs({ driveType: 'personal' })
    const fetch: typeof globalThis.fetch = (input, init) =>
      globalThis.fetch(String(input).replace('driveType', 'somethingElse'), init)
    expect((await plan(null, { fetch })).changes).toMatchObject([{ action: 'create' }])
  })
})

describe('what may not be done', () => {
  it('shows as not being there, and is said so', async () => {
    addOurs({ isOurs: false, name: 'Old' })
    const first = await plan(null)
    const error: unknown = await applyAll(first).catch((reason: unknown) => reason)
    expect(error).toMatchObject({ kind: 'rejected', retryable: true })
    expect(String(error)).toContain('where the service account may not see it')
  })

  it('is making a space without the role', async () => {
    fake.settings.role = 'user'
    const error: unknown = await applyAll(await plan(null)).catch((reason: unknown) => reason)
    expect(error).toMatchObject({ kind: 'unauthorized' })
    expect(String(error)).toContain('insufficient permissions to create a space.” (403)')
  })

  it('is anything for an account without a role', async () => {
    fake.settings.role = 'none'
    await expect(plan(null)).rejects.toMatchObject({ kind: 'unavailable' })
  })
})

describe('what was not done', () => {
  const drive = (change: object) => ({ id: 'x', name: 'Acme', ...change })
  it.each([
    [
      'the change',
      { name: 'Old' },
      'active',
      'UpdateDrive',
      { status: 200, body: drive({}) },
      'has another name',
    ],
    [
      'the restoring',
      { isDisabled: true },
      'active',
      'UpdateDrive',
      { status: 200, body: drive({}) },
      'still disabled',
    ],
    ['the disabling', {}, 'closed', 'DeleteDrive', { status: 204 }, 'is not disabled'],
    ['the purge', { isDisabled: true }, 'purged', 'DeleteDrive', { status: 204 }, 'is still there'],
  ] as const)('is found out, of %s', async (_what, before, state, operation, answer, words) => {
    addOurs(before)
    const first = await step().plan({ ...tenant, state }, { externalId: null }, signal)
    fake.faults.add({ kind: 'answer', operation, ...answer })
    const error: unknown = await applyAll(first).catch((reason: unknown) => reason)
    expect(error).toMatchObject({ kind: 'contract', retryable: true })
    expect(String(error)).toContain(words)
  })
})

describe('the survey', () => {
  it.each([
    { status: 200, body: 'null' },
    { status: 200, body: '{}' },
    { status: 200, body: '{"value":null}' },
  ])('takes %o for nothing at all', async ({ status, body }) => {
    const headers = { 'content-type': 'application/json' }
    fake.faults.add({ kind: 'answer', status, headers, body })
    expect(await step().survey?.(null, signal)).toEqual({ found: [], next: null })
  })

  it('lists a thousand spaces in one call, with strangers and without what was set aside', async () => {
    for (let made = 0; made < 1000; made++) addOurs({ description: describeSpace(newTenant().id) })
    const stranger = fake.addDrive({ name: 'Stranger', isOurs: false })
    addOurs({ description: describeSuperseded(tenant.id) })
    const { found = [] } = (await step().survey?.(null, signal)) ?? {}
    expect(found).toHaveLength(1001)
    expect(found.find(({ externalId }) => externalId === stranger.id)).toMatchObject({ tenantId: null })
    expect(fake.calls()).toMatchObject({ ...none, ListAllDrives: 1, GetDrive: 0 })
  })

  it('sees a change by hand in the fingerprint', async () => {
    const { id } = addOurs()
    const see = async () => (await step().survey?.(null, signal))?.found[0]?.fingerprint
    const prints = [await see()]
    for (const change of [{ name: 'Other' }, { total: 7 }, { isDisabled: true }]) {
      fake.changeDrive(id, change)
      prints.push(await see())
    }
    expect(new Set(prints).size).toBe(4)
    fake.changeDrive(id, { isDisabled: false, name: 'Acme', total: 1_000_000_000, used: 77 })
    expect(await see()).toBe(prints[0])
    expect(writes()).toEqual(none)
  })
})
