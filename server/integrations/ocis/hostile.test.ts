import { afterEach, beforeEach, describe, expect, it } from 'vitest'
import { newId } from '#server/lib/ids'
import type { StepPlanner } from '#server/provisioning/step-planner.port'
import { createOcisPlanners, type OcisOptions } from './client'
import type { DesiredTenant } from './desired'
import { startOcisFake, type OcisFake } from './fake'
import { newMember, newTenant, settle } from './fake-tenants'
import { describeSpace } from './stamp'

// Servers that answer otherwise than those that are known, and strangers who come between a plan and its changes.

const signal = new AbortController().signal

let fake: OcisFake
beforeEach(async () => {
  fake = await startOcisFake()
})
afterEach(async () => {
  await fake.stop()
  expect(fake.violations()).toEqual([])
})

function stepsOf(options: Partial<OcisOptions> = {}): [StepPlanner, StepPlanner] {
  const auth = { appToken: fake.credentials.appToken }
  const [space, members] = createOcisPlanners({ apiUrl: fake.url, auth, ...options })
  if (!space || !members) throw new Error('A step is missing')
  return [space, members]
}

/** A way to OCIS on which each list comes in pages of two, the next of which its link names. */
const paging: typeof fetch = async (input, init) => {
  const url = new URL(String(input))
  const from = Number(url.searchParams.get('$skiptoken') ?? 0)
  url.searchParams.delete('$skiptoken')
  const response = await fetch(url, init)
  if (!(response.headers.get('content-type') ?? '').includes('json')) return response
  const body = (await response.json()) as { value?: unknown[] }
  if (!Array.isArray(body.value) || init?.method !== 'GET') return Response.json(body, response)
  const next = new URL(url)
  next.searchParams.set('$skiptoken', String(from + 2))
  const hasMore = body.value.length > from + 2
  const link = hasMore ? { '@odata.nextLink': next.href } : {}
  return Response.json({ value: body.value.slice(from, from + 2), ...link }, response)
}

describe('lists in pages', () => {
  it('are read to their end: spaces, accounts and who is in a space', async () => {
    const members = Array.from({ length: 11 }, (_, index) => newMember(`m${index}@acme.example`))
    const tenant = newTenant({ members })
    for (let index = 0; index < 5; index++) fake.addDrive({ name: `Other ${index}`, isOurs: true })
    fake.addDrive({ name: 'Acme', description: describeSpace(tenant.id), total: 1_000_000_000 })
    for (const { email } of members) fake.addUser({ mail: email ?? '' })
    const [space, people] = stepsOf({ fetch: paging })
    expect((await settle(space, tenant)).changes).toEqual([])
    expect(fake.drives()).toHaveLength(6)
    const last = await settle(people, tenant)
    expect([last.changes, last.notes]).toEqual([[], []])
    expect(fake.drives().find(({ name }) => name === 'Acme')?.grants).toHaveLength(12)
    const surveyed = await space.survey?.(null, signal)
    expect(surveyed?.found).toHaveLength(6)
  })
})

describe('a space that became another tenant’s between a plan and its changes', () => {
  const other = describeSpace(newId())

  const cases: [string, (tenant: DesiredTenant) => DesiredTenant, Parameters<OcisFake['changeDrive']>[1]][] =
    [
      ['purged', (tenant) => ({ ...tenant, state: 'purged' }), {}],
      ['disabled', (tenant) => ({ ...tenant, state: 'closed' }), {}],
      ['renamed', (tenant) => ({ ...tenant, name: 'New' }), {}],
      ['restored', (tenant) => tenant, { isDisabled: true }],
    ]
  it.each(cases)('is not %s', async (_, change, before) => {
    const tenant = newTenant()
    const [space] = stepsOf()
    const externalId = (await settle(space, tenant)).resources[0]?.externalId ?? null
    fake.changeDrive(externalId ?? '', before)
    const { changes } = await space.plan(change(tenant), { externalId }, signal)
    expect(changes).toHaveLength(1)
    fake.changeDrive(externalId ?? '', { description: other })
    const left = fake.drives()
    await expect(changes[0]?.apply(signal)).rejects.toMatchObject({ kind: 'conflict', retryable: true })
    expect(fake.drives()).toEqual(left)
  })

  it('is not set aside', async () => {
    const tenant = newTenant()
    const [space] = stepsOf()
    const externalId = (await settle(space, tenant)).resources[0]?.externalId ?? null
    const second = fake.addDrive({
      name: 'Acme',
      description: describeSpace(tenant.id),
      used: 0,
      isOurs: true,
    })
    const { changes } = await space.plan(tenant, { externalId: null }, signal)
    const aside = changes.find(({ reason }) => reason?.includes('second space'))
    expect(aside).toBeDefined()
    for (const { id } of fake.drives()) fake.changeDrive(id, { description: other })
    await expect(aside?.apply(signal)).rejects.toMatchObject({ kind: 'conflict' })
    expect(
      fake
        .drives()
        .map(({ id }) => id)
        .sort(),
    ).toEqual([externalId, second.id].sort())
    expect(fake.drives().every(({ isDisabled, description }) => !isDisabled && description === other)).toBe(
      true,
    )
  })
})

describe('people whose addresses are nearly a member’s', () => {
  it.each([
    ['with the Kelvin sign for a k', '\u212aate@acme.example'],
    ['with a Cyrillic a', 'k\u0430te@acme.example'],
    ['in full-width letters', '\uff4bate@acme.example'],
    ['with a blank before', ' kate@acme.example'],
    ['of a longer domain', 'kate@acme.example.org'],
    ['with a tag', 'kate+x@acme.example'],
  ])('are not let in: %s', async (_, mail) => {
    const tenant = newTenant({ members: [newMember('kate@acme.example')] })
    const [space, people] = stepsOf()
    await settle(space, tenant)
    fake.addUser({ mail })
    const plan = await settle(people, tenant)
    expect(plan.notes).toEqual([expect.stringContaining('No account there yet')])
    expect(fake.drives()[0]?.grants).toHaveLength(1)
  })
})
