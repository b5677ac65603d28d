import { afterEach, beforeEach, describe, expect, it } from 'vitest'
import { attemptStep } from '#server/provisioning/attempt'
import { createGates } from '#server/provisioning/gates'
import type { DesiredTenant } from './desired'
import { createManualClock, silent } from '../../../tests/harness/provisioning'
import { createOcisPlanners } from './client'
import { startOcisFake, type OcisFake } from './fake'
import { newMember, newTenant } from './fake-tenants'

let fake: OcisFake
beforeEach(async () => {
  fake = await startOcisFake()
})
afterEach(async () => {
  await fake.stop()
  expect(fake.violations()).toEqual([])
})

/** Tenants of four people, who have addresses of their tenant's own domain and an account each. */
function tenantsOf(count: number): DesiredTenant[] {
  return Array.from({ length: count }, (_, n) => {
    const mails = [1, 2, 3, 4].map((m) => `p${m}@t${n}.example`)
    for (const mail of mails) fake.addUser({ mail })
    return newTenant({ slug: `t${n}`, name: `T${n}`, members: mails.map((mail) => newMember(mail)) })
  })
}

/** Brings tenants about as the engine does, one after the other or all at once, over one connection. */
function connect() {
  const { clientId, clientSecret } = fake.credentials
  const auth = { clientId, clientSecret, tokenUrl: fake.tokenUrl }
  const planners = createOcisPlanners({ apiUrl: fake.url, auth })
  const clock = createManualClock()
  const means = {
    ...{ clock, log: silent, random: () => 1, stepTimeoutMs: 20_000, sliceMs: 20_000 },
    gate: createGates({ clock, concurrency: 8, random: () => 0 }),
  }
  return async (tenant: DesiredTenant, externalId: string | null = null): Promise<string | null> => {
    let spaceId = externalId
    for (const planner of planners) {
      const plain = { attempt: 1, mayDelete: true, approved: undefined, assertHeld: () => {} }
      const signal = new AbortController().signal
      const known = { externalId: spaceId }
      const outcome = await attemptStep({ planner, tenant, known, signal, ...plain }, means)
      expect(outcome).toMatchObject({ status: 'ok', reason: null })
      if (outcome.status === 'ok') spaceId = outcome.resources[0]?.externalId ?? null
    }
    return spaceId
  }
}

/** Calls since, without those that made none. */
function since(before: Record<string, number>) {
  const made = Object.entries(fake.calls()).map(([id, count]) => [id, count - (before[id] ?? 0)] as const)
  return Object.fromEntries(made.filter(([, count]) => count > 0))
}

describe('the calls of a tenant of four members', () => {
  it('are eleven to bring it about', async () => {
    const bringAbout = connect()
    const [first, second] = tenantsOf(2)
    if (!first || !second) throw new Error('no tenants')
    await bringAbout(first)
    expect(fake.calls()).toMatchObject({ IssueToken: 1, GetOwnUser: 1 })
    const before = fake.calls()
    await bringAbout(second)
    expect(since(before)).toEqual({
      ...{ ListAllDrives: 2, CreateDrive: 1, GetDrive: 1 },
      ...{ ListUsers: 1, InviteSpaceRoot: 4, ListPermissionsSpaceRoot: 2 },
    })
  })

  it('are four to find that nothing is to be done', async () => {
    const bringAbout = connect()
    const [tenant] = tenantsOf(1)
    if (!tenant) throw new Error('no tenant')
    const spaceId = await bringAbout(tenant)
    const before = fake.calls()
    await bringAbout(tenant, spaceId)
    expect(since(before)).toEqual({ GetDrive: 2, ListUsers: 1, ListPermissionsSpaceRoot: 1 })
  })

  it('are fewer where many are brought about at once, which share lists of all spaces', async () => {
    const bringAbout = connect()
    fake.faults.add({ kind: 'delay', ms: 20, times: 'always' })
    await Promise.all(tenantsOf(20).map((tenant) => bringAbout(tenant)))
    expect(fake.drives()).toHaveLength(20)
    expect(fake.calls()).toMatchObject({ IssueToken: 1, GetOwnUser: 1, CreateDrive: 20, InviteSpaceRoot: 80 })
    expect(fake.calls().ListAllDrives).toBeLessThan(30)
  })
})
