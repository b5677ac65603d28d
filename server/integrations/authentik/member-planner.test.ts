import { afterEach, beforeEach, describe, expect, it } from 'vitest'
import { newId } from '#server/lib/ids'
import type { DesiredMember, DesiredTenant, StepPlanner } from '#server/provisioning/step-planner.port'
import { carryOut, desiredOf } from '../../../tests/harness/provisioning'
import { createAuthentik } from './client'
import { startAuthentikFake, type AuthentikFake } from './fake'

const signal = new AbortController().signal
let fake: AuthentikFake
let tenant: DesiredTenant
let groupStep: StepPlanner
let memberStep: StepPlanner
beforeEach(async () => {
  fake = await startAuthentikFake()
  const { planners } = createAuthentik({ apiUrl: fake.url, token: fake.token })
  groupStep = planners.find(({ step }) => step === 'group') as StepPlanner
  memberStep = planners.find(({ step }) => step === 'members') as StepPlanner
  tenant = desiredOf({ id: newId(), slug: 'acme' })
  await carryOut(groupStep, tenant, signal)
})
afterEach(async () => {
  await fake.stop()
  expect(fake.violations()).toEqual([])
})

function person(email: string | null, more: Partial<DesiredMember> = {}): DesiredMember {
  return { userId: newId(), email, name: 'Ada', role: 'member', locale: null, mailbox: null, ...more }
}
const ada = person('ada@example.org')
const bob = person('bob@example.org')
const as = (members: DesiredMember[], state: DesiredTenant['state'] = 'active') => ({
  ...tenant,
  members,
  state,
})
const settle = (members: DesiredMember[], state?: DesiredTenant['state']) =>
  carryOut(memberStep, as(members, state), signal)
const plan = (members: DesiredMember[], state?: DesiredTenant['state']) =>
  memberStep.plan(as(members, state), { externalId: null }, signal)
const group = () => fake.groups().find(({ name }) => name === 'acme') ?? expect.fail('no group')
/** The usernames of everybody in the group. */
const inside = () =>
  fake
    .users()
    .filter(({ pk }) => group().users.includes(pk))
    .map(({ username }) => username)
const byName = (username: string) => fake.users().find((user) => user.username === username)
const putIn = (username: string, more: object = {}) =>
  fake.addUser({ username, email: username, name: username, groups: [group().pk], ...more })

describe('a member', () => {
  it('gets an account that carries our stamp, in the group from its first moment', async () => {
    const { changes } = await settle([ada])
    expect(changes).toMatchObject([{ action: 'create', kind: 'member', name: 'ada@example.org' }])
    expect(inside()).toEqual(['ada@example.org'])
    expect(byName('ada@example.org')).toMatchObject({
      type: 'internal',
      email: 'ada@example.org',
      attributes: { tenantryUserId: ada.userId, tenantryTenants: { [tenant.id]: 'in' } },
    })
    const { externalId } = await settle([ada])
    expect(externalId).toBe(group().pk)
    expect(fake.calls()).toMatchObject({ core_users_create: 1, core_users_partial_update: 0 })
  })

  it('is who has their address there, whatever its case, with every attribute kept', async () => {
    fake.addUser({ username: 'al', email: 'Ada@Example.org', attributes: { note: 'kept' } })
    const { changes } = await settle([ada])
    expect(changes).toMatchObject([{ action: 'adopt', name: 'Ada@Example.org' }])
    expect(inside()).toEqual(['al'])
    expect(byName('al')?.attributes).toMatchObject({ note: 'kept', tenantryUserId: ada.userId })
    expect(fake.users()).toHaveLength(1)
  })

  it('is who carries their stamp, though the address is another by now', async () => {
    await settle([ada])
    const { changes } = await settle([{ ...ada, email: 'ada@new.example' }])
    expect(changes).toEqual([])
    expect(fake.users()).toHaveLength(1)
  })

  it.each([
    ['two have their address', [{ username: 'a' }, { username: 'b' }], 'has 2 users'],
    [
      'somebody else of ours has it',
      [{ username: 'a', attributes: { tenantryUserId: newId() } }],
      'another person',
    ],
    [
      'a service account has it as its name',
      [{ username: 'ada@example.org', email: '' }],
      'has another address',
    ],
  ])('is nobody where %s, which is said', async (_what, others, words) => {
    for (const other of others) fake.addUser({ email: 'ada@example.org', ...other })
    const { changes, notes } = await plan([ada])
    expect(changes).toEqual([])
    expect(notes.join()).toContain(words)
    await settle([ada, bob])
    expect(inside()).toEqual(['bob@example.org'])
  })

  it('without an address is told of', async () => {
    const { changes, notes } = await plan([person(null, { name: 'Nameless' })])
    expect(changes).toEqual([])
    expect(notes).toEqual(['Nameless has no e-mail address, by which Authentik would know them.'])
  })

  it('whose address is too long for a username gets another', async () => {
    const long = person(`${'a'.repeat(60)}@${'b'.repeat(60)}.${'c'.repeat(40)}.example`)
    await settle([long])
    expect(inside()).toEqual([`tenantry-${long.userId}`])
  })

  it('who leaves is taken out, keeps the account, and can come back', async () => {
    await settle([ada, bob])
    const { changes } = await settle([ada])
    expect(changes).toMatchObject([
      { action: 'update', name: 'bob@example.org', fields: { group: { from: 'acme', to: null } } },
    ])
    expect(inside()).toEqual(['ada@example.org'])
    expect(fake.users()).toHaveLength(2)
    await settle([ada, bob])
    expect(inside()).toEqual(['ada@example.org', 'bob@example.org'])
    expect(fake.calls()).toMatchObject({ core_users_create: 2 })
  })
})

describe('somebody whom an administrator of Authentik put into the group', () => {
  it('stays, and is told of', async () => {
    putIn('eve@example.org')
    await settle([ada])
    const { changes, notes } = await plan([ada])
    expect(changes).toEqual([])
    expect(notes.join()).toContain('members once they log in: eve@example.org')
    expect(inside()).toEqual(['eve@example.org', 'ada@example.org'])
  })

  it('is taken out once they became a member and are removed in the portal', async () => {
    putIn('eve@example.org')
    await settle([])
    const eve = person('eve@example.org', { fromIdp: true })
    await settle([eve])
    expect(inside()).toEqual(['eve@example.org'])
    await settle([])
    expect(inside()).toEqual([])
  })

  it('is not put back after they were taken out there', async () => {
    putIn('eve@example.org')
    const eve = person('eve@example.org', { fromIdp: true })
    await settle([eve])
    const { pk } = byName('eve@example.org') ?? expect.fail()
    await removeByHand(pk)
    const { changes, notes } = await plan([eve])
    expect(changes).toEqual([])
    expect(notes.join()).toContain('their next login ends that')
    await settle([eve])
    expect(inside()).toEqual([])
  })

  it('comes back after Tenantry itself took them out, as while they are disabled', async () => {
    putIn('eve@example.org')
    const eve = person('eve@example.org', { fromIdp: true })
    await settle([eve])
    await settle([])
    await settle([eve])
    expect(inside()).toEqual(['eve@example.org'])
  })
})

async function removeByHand(pk: number): Promise<void> {
  const answer = await fetch(`${fake.url}/api/v3/core/groups/${group().pk}/remove_user/`, {
    method: 'POST',
    headers: { authorization: `Bearer ${fake.token}`, 'content-type': 'application/json' },
    body: JSON.stringify({ pk }),
  })
  expect(answer.status).toBe(204)
}

describe('a tenant', () => {
  it('that is closed has an empty group, and everybody back when it opens', async () => {
    putIn('eve@example.org')
    putIn('jit@example.org')
    const jit = person('jit@example.org', { fromIdp: true })
    await settle([ada, jit])
    const before = inside().sort()
    await settle([ada, jit], 'closed')
    expect(inside()).toEqual([])
    await settle([ada, jit])
    expect(inside().sort()).toEqual(before)
    const { notes } = await plan([ada, jit])
    expect(notes.join()).toContain('eve@example.org')
  })

  it('does not take back who left while it was closed', async () => {
    await settle([ada, bob])
    await settle([ada, bob], 'closed')
    await settle([ada])
    expect(inside()).toEqual(['ada@example.org'])
  })

  it('that is purged leaves no mark on anybody, whether its group is gone or not', async () => {
    await settle([ada, bob])
    await settle([ada], 'active')
    await settle([], 'purged')
    expect(inside()).toEqual([])
    expect(fake.users().map(({ attributes }) => attributes.tenantryTenants)).toEqual([{}, {}])
    expect(fake.users()).toHaveLength(2)
    await carryOut(groupStep, as([], 'purged'), signal)
    await settle([], 'purged')
  })

  it('is planned before its group is there', async () => {
    tenant = desiredOf({ id: newId(), slug: 'new' })
    const { changes, resources } = await plan([ada])
    expect([changes.length, resources]).toEqual([1, []])
    await expect(changes[0]?.apply(signal)).rejects.toMatchObject({ kind: 'unavailable', retryable: true })
    await carryOut(groupStep, tenant, signal)
    await settle([ada])
  })

  it('of a group that is not ours touches nobody in it', async () => {
    tenant = desiredOf({ id: newId(), slug: 'theirs' })
    const theirs = fake.addGroup({ name: 'theirs', attributes: { tenantId: newId() } })
    fake.addUser({ username: 'x', groups: [theirs.pk] })
    const { changes } = await memberStep.plan(as([], 'closed'), { externalId: null }, signal)
    expect(changes).toEqual([])
  })

  it('does not hinder another that has the same person', async () => {
    await settle([ada])
    const other = desiredOf({ id: newId(), slug: 'other', members: [ada] })
    await carryOut(groupStep, other, signal)
    await carryOut(memberStep, other, signal)
    await settle([])
    const names = fake.groups().filter(({ users }) => users.length > 0)
    expect(names.map(({ name }) => name)).toEqual(['other'])
    expect(byName('ada@example.org')?.attributes.tenantryTenants).toEqual({
      [tenant.id]: 'out',
      [other.id]: 'in',
    })
  })
})

describe('cut off', () => {
  const writes = [
    'core_users_create',
    'core_users_partial_update',
    'core_groups_add_user_create',
    'core_groups_remove_user_create',
  ] as const
  const moments = ['before', 'after', 'midway'] as const

  it.each(writes.flatMap((operation) => moments.map((when) => ({ operation, when }))))(
    '$when $operation, it ends the same, with nobody twice',
    async ({ operation, when }) => {
      await settle([bob])
      fake.addUser({ username: 'carl', email: 'carl@example.org' })
      putIn('eve@example.org')
      const carl = person('carl@example.org')
      fake.faults.add({ kind: 'drop', operation, when })
      const failure = await settle([ada, carl]).then(
        () => undefined,
        (error: unknown) => error,
      )
      expect(failure).toMatchObject({ kind: 'unreachable', retryable: true })
      await settle([ada, carl])
      expect(inside().sort()).toEqual(['ada@example.org', 'carl', 'eve@example.org'])
      expect(fake.users()).toHaveLength(4)
      await settle([ada, carl], 'closed')
      expect(inside()).toEqual([])
      await settle([ada, carl])
      expect(inside().sort()).toEqual(['ada@example.org', 'carl', 'eve@example.org'])
    },
  )

  it('by another writer, it ends with one account for each', async () => {
    const both = await Promise.allSettled([settle([ada, bob]), settle([ada, bob])])
    expect(both.some(({ status }) => status === 'fulfilled')).toBe(true)
    await settle([ada, bob])
    expect(fake.users()).toHaveLength(2)
    expect(inside()).toHaveLength(2)
  })
})

describe('many', () => {
  it('are read by pages, not one by one', async () => {
    const crowd = Array.from({ length: 1000 }, (_, index) => person(`p${index}@example.org`))
    for (const { email, userId } of crowd)
      putIn(String(email), { attributes: { tenantryUserId: userId, tenantryTenants: { [tenant.id]: 'in' } } })
    const before = fake.calls().core_users_list
    const { changes } = await plan(crowd)
    expect(changes).toEqual([])
    expect(fake.calls().core_users_list - before).toBe(11)
  })

  it('who are missing are looked for in the list of all where that is shorter', async () => {
    for (let index = 0; index < 300; index++)
      fake.addUser({ username: `p${index}`, email: `p${index}@example.org` })
    const crowd = Array.from({ length: 300 }, (_, index) => person(`p${index}@example.org`))
    const before = fake.calls().core_users_list
    expect((await plan(crowd)).changes).toHaveLength(300)
    expect(fake.calls().core_users_list - before).toBeLessThan(8)
    const one = fake.calls().core_users_list
    expect((await plan(crowd.slice(0, 1))).changes).toMatchObject([{ action: 'adopt' }])
    expect(fake.calls().core_users_list - one).toBeLessThan(7)
  })
})

describe('the survey', () => {
  it('finds what the plan observed, and what drifted', async () => {
    await settle([ada, bob])
    const { resources } = await plan([ada, bob])
    const surveyed = async () => (await memberStep.survey?.(null, signal))?.found
    expect(await surveyed()).toEqual(resources.map((each) => ({ ...each, tenantId: tenant.id })))
    putIn('eve@example.org')
    expect((await surveyed())?.[0]?.fingerprint).not.toBe(resources[0]?.fingerprint)
  })
})

describe('the first password', () => {
  const link = (userId: string) =>
    createAuthentik({ apiUrl: fake.url, token: fake.token }).firstPasswordLink(userId, signal)

  it('can be chosen by a link, for an account that we made and nobody used', async () => {
    await settle([ada])
    expect(await link(ada.userId)).toBeNull()
    fake.setRecoveryFlow(true)
    expect(await link(ada.userId)).toMatch(/^https:\/\/id\.example\.org\/recovery\//)
    expect(await link(bob.userId)).toBeNull()
  })

  it('is nobody’s to choose of an account that was there before', async () => {
    fake.setRecoveryFlow(true)
    fake.addUser({ username: 'al', email: 'ada@example.org' })
    await settle([ada])
    expect(await link(ada.userId)).toBeNull()
    expect(fake.calls().core_users_recovery_create).toBe(0)
  })
})
