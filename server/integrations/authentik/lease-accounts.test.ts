import { afterAll, beforeAll, beforeEach, expect, it } from 'vitest'
import type { StepPlanner } from '#server/provisioning/step-planner.port'
import { newId } from '#server/lib/ids'
import { createAuthentik } from './client'
import { startAuthentikFake, type AuthentikFake } from './fake'

const signal = new AbortController().signal
let fake: AuthentikFake
let survey: NonNullable<StepPlanner['survey']>

beforeAll(async () => {
  fake = await startAuthentikFake()
})
beforeEach(() => {
  fake.reset()
  const { planners } = createAuthentik({ apiUrl: fake.url, token: fake.token })
  survey = planners.find(({ step }) => step === 'members')?.survey as typeof survey
})
afterAll(async () => {
  await fake.stop()
  expect(fake.violations()).toEqual([])
})

/** A tenant's group with one member and, where it is asked for, the account of its leases. */
function makeTenant(isLent: boolean) {
  const tenantId = newId()
  const { pk: member } = fake.addUser({ username: `member-${tenantId}` })
  const name = `acme-${tenantId}`
  const group = fake.addGroup({ name, attributes: { tenantId, slug: name }, users: [member] })
  const lend = () => {
    const attributes = { tenantryLeasesOf: tenantId }
    const username = `tenantry-leases-${tenantId}`
    const account = fake.addUser({ username, type: 'service_account', attributes })
    fake.changeGroup(group.pk, { users: [member, account.pk] })
  }
  if (isLent) lend()
  return { tenantId, lend }
}

async function surveyAll() {
  const found = new Map<string | null, string>()
  for (let cursor: string | null = null, isFirst = true; isFirst || cursor !== null; isFirst = false) {
    const page = await survey(cursor, signal)
    for (const { tenantId, fingerprint } of page.found) found.set(tenantId, fingerprint)
    cursor = page.next
  }
  return found
}

it('are left out of who is in a group, also those that come between two pages', async () => {
  const tenants = Array.from({ length: 150 }, () => makeTenant(false))
  const before = await surveyAll()
  expect(before.size).toBe(150)
  for (const { lend } of tenants.slice(0, 120)) lend()
  expect(await surveyAll()).toEqual(before)
  const { next } = await survey(null, signal)
  for (const { lend } of tenants.slice(120)) lend()
  const { found } = await survey(next, signal)
  for (const { tenantId, fingerprint } of found) expect(before.get(tenantId)).toBe(fingerprint)
})

it('take calls by their own number, and not by that of the pages of groups', async () => {
  for (let count = 0; count < 110; count += 1) makeTenant(count < 105)
  for (let count = 0; count < 290; count += 1) makeTenant(false)
  fake.addUser({ username: 'outpost', type: 'service_account' })
  const before = fake.calls().core_users_list
  await surveyAll()
  const { core_groups_list: groupPages, core_users_list: userPages } = fake.calls()
  expect(groupPages).toBe(4)
  // Two pages of all, and one for each page of groups at most that shows somebody newer.
  expect(userPages - before).toBeLessThanOrEqual(2 + 3)
})
