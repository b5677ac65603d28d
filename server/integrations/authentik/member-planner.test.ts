import { describe, expect, it } from 'vitest'
import { newId } from '#server/lib/ids'
import { person, useMemberScene } from '../../../tests/harness/authentik-members'
import { carryOut, desiredOf } from '../../../tests/harness/provisioning'

const signal = new AbortController().signal
const scene = useMemberScene()
const ada = person('ada@example.org')
const bob = person('bob@example.org')

describe('a member', () => {
  it('gets an account that carries our stamp, in the group from its first moment', async () => {
    const { changes } = await scene.settle([ada])
    expect(changes).toMatchObject([{ action: 'create', kind: 'member', name: 'ada@example.org' }])
    expect(scene.inside()).toEqual(['ada@example.org'])
    expect(scene.byName('ada@example.org')).toMatchObject({
      type: 'internal',
      email: 'ada@example.org',
      attributes: { tenantryUserId: ada.userId, tenantryMade: true },
    })
    const { externalId } = await scene.settle([ada])
    expect(externalId).toBe(scene.group().pk)
    expect(scene.fake.calls()).toMatchObject({ core_users_create: 1, core_users_partial_update: 0 })
  })

  it('is who has their address there, whatever its case, with every attribute kept', async () => {
    scene.fake.addUser({ username: 'al', email: 'Ada@Example.org', attributes: { note: 'kept' } })
    const { changes } = await scene.settle([ada])
    expect(changes).toMatchObject([{ action: 'adopt', name: 'Ada@Example.org' }])
    expect(scene.inside()).toEqual(['al'])
    expect(scene.byName('al')?.attributes).toMatchObject({ note: 'kept', tenantryUserId: ada.userId })
    expect(scene.fake.users()).toHaveLength(1)
  })

  it('is who carries their stamp, though the address is another by now', async () => {
    await scene.settle([ada])
    const { changes } = await scene.settle([{ ...ada, email: 'ada@new.example' }])
    expect(changes).toEqual([])
    expect(scene.fake.users()).toHaveLength(1)
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
    for (const other of others) scene.fake.addUser({ email: 'ada@example.org', ...other })
    const { changes, notes } = await scene.plan([ada])
    expect(changes).toEqual([])
    expect(notes.join()).toContain(words)
    await scene.settle([ada, bob])
    expect(scene.inside()).toEqual(['bob@example.org'])
  })

  it('without an address is told of', async () => {
    const { changes, notes } = await scene.plan([person(null, { name: 'Nameless' })])
    expect(changes).toEqual([])
    expect(notes).toEqual(['Nameless has no e-mail address, by which Authentik would know them.'])
  })

  it('whose address is too long for a username gets another', async () => {
    const long = person(`${'a'.repeat(60)}@${'b'.repeat(60)}.${'c'.repeat(40)}.example`)
    await scene.settle([long])
    expect(scene.inside()).toEqual([`tenantry-${long.userId}`])
  })

  it('who leaves is taken out, keeps the account, and can come back', async () => {
    await scene.settle([ada, bob])
    const { changes } = await scene.settle([ada], 'active', [bob])
    expect(changes).toMatchObject([
      { action: 'update', name: 'bob@example.org', fields: { group: { from: 'acme', to: null } } },
    ])
    expect(scene.inside()).toEqual(['ada@example.org'])
    expect(scene.fake.users()).toHaveLength(2)
    expect(scene.group().attributes.tenantryMarks).toEqual({
      out: [scene.byName('bob@example.org')?.pk],
      held: [],
    })
    await scene.settle([ada, bob])
    expect(scene.inside()).toEqual(['ada@example.org', 'bob@example.org'])
    expect(scene.group().attributes).toEqual({ tenantId: scene.tenant.id, slug: 'acme' })
    expect(scene.fake.calls()).toMatchObject({ core_users_create: 2 })
  })
})

describe('somebody whom an administrator of Authentik put into the group', () => {
  it('stays, and is told of', async () => {
    scene.putIn('eve@example.org')
    await scene.settle([ada])
    const { changes, notes } = await scene.plan([ada])
    expect(changes).toEqual([])
    expect(notes.join()).toContain('members once they log in: eve@example.org')
    expect(scene.inside()).toEqual(['eve@example.org', 'ada@example.org'])
  })

  it('is taken out once they became a member and are removed in the portal', async () => {
    scene.putIn('eve@example.org')
    await scene.settle([])
    const eve = person('eve@example.org', { fromIdp: true })
    await scene.settle([eve])
    expect(scene.inside()).toEqual(['eve@example.org'])
    await scene.settle([], 'active', [eve])
    expect(scene.inside()).toEqual([])
  })

  it('is not put back after they were taken out there', async () => {
    scene.putIn('eve@example.org')
    const eve = person('eve@example.org', { fromIdp: true })
    await scene.settle([eve])
    await scene.removeByHand('eve@example.org')
    const { changes, notes } = await scene.plan([eve])
    expect(changes).toEqual([])
    expect(notes.join()).toContain('their next login ends that')
    await scene.settle([eve])
    expect(scene.inside()).toEqual([])
  })

  it('comes back after Tenantry itself took them out, as while they are disabled', async () => {
    scene.putIn('eve@example.org')
    const eve = person('eve@example.org', { fromIdp: true })
    await scene.settle([eve])
    await scene.settle([], 'active', [eve])
    expect(scene.inside()).toEqual([])
    await scene.settle([])
    await scene.settle([eve])
    expect(scene.inside()).toEqual(['eve@example.org'])
  })
})

describe('a tenant', () => {
  it('that is closed has an empty group, and everybody back when it opens', async () => {
    scene.putIn('eve@example.org')
    scene.putIn('jit@example.org')
    const jit = person('jit@example.org', { fromIdp: true })
    await scene.settle([ada, jit])
    const before = scene.inside().sort()
    await scene.settle([ada, jit], 'closed')
    expect(scene.inside()).toEqual([])
    await scene.settle([ada, jit])
    expect(scene.inside().sort()).toEqual(before)
    const { notes } = await scene.plan([ada, jit])
    expect(notes.join()).toContain('eve@example.org')
  })

  it('does not take back who left while it was closed', async () => {
    await scene.settle([ada, bob])
    await scene.settle([ada, bob], 'closed')
    await scene.settle([ada], 'closed', [bob])
    await scene.settle([ada])
    expect(scene.inside()).toEqual(['ada@example.org'])
  })

  it('that is purged has nobody in its group, whether that is gone or not, and every account is kept', async () => {
    await scene.settle([ada, bob])
    await scene.settle([ada], 'active', [bob])
    await scene.settle([], 'purged')
    expect(scene.inside()).toEqual([])
    expect(scene.fake.users()).toHaveLength(2)
    await carryOut(scene.groupStep, scene.as([], 'purged'), signal)
    await scene.settle([], 'purged')
  })

  it('is planned before its group is there', async () => {
    const tenant = desiredOf({ id: newId(), slug: 'new', members: [ada] })
    const { changes, resources } = await scene.memberStep.plan(tenant, { externalId: null }, signal)
    expect([changes.length, resources]).toEqual([1, []])
    await expect(changes[0]?.apply(signal)).rejects.toMatchObject({ kind: 'unavailable', retryable: true })
    await carryOut(scene.groupStep, tenant, signal)
    await carryOut(scene.memberStep, tenant, signal)
    expect(scene.fake.groups().find(({ name }) => name === 'new')?.users).toHaveLength(1)
  })

  it('of a group that is not ours touches nobody in it', async () => {
    const tenant = desiredOf({ id: newId(), slug: 'theirs', state: 'closed' })
    const theirs = scene.fake.addGroup({ name: 'theirs', attributes: { tenantId: newId() } })
    scene.fake.addUser({ username: 'x', groups: [theirs.pk] })
    const { changes } = await scene.memberStep.plan(tenant, { externalId: null }, signal)
    expect(changes).toEqual([])
  })

  it('does not hinder another that has the same person', async () => {
    await scene.settle([ada])
    const other = desiredOf({ id: newId(), slug: 'other', members: [ada] })
    await carryOut(scene.groupStep, other, signal)
    await carryOut(scene.memberStep, other, signal)
    await scene.settle([], 'active', [ada])
    const names = scene.fake.groups().filter(({ users }) => users.length > 0)
    expect(names.map(({ name }) => name)).toEqual(['other'])
  })
})

describe('cut off', () => {
  const writes = [
    'core_users_create',
    'core_users_retrieve',
    'core_users_partial_update',
    'core_groups_partial_update',
    'core_groups_retrieve',
    'core_groups_add_user_create',
    'core_groups_remove_user_create',
  ] as const
  const moments = ['before', 'after', 'midway'] as const

  it.each(writes.flatMap((operation) => moments.map((when) => ({ operation, when }))))(
    '$when $operation, it ends the same, with nobody twice',
    async ({ operation, when }) => {
      await scene.settle([bob])
      scene.fake.addUser({ username: 'carl', email: 'carl@example.org' })
      scene.putIn('eve@example.org')
      const carl = person('carl@example.org')
      scene.fake.faults.add({ kind: 'drop', operation, when })
      const failure = await scene.settle([ada, carl], 'active', [bob]).then(
        () => undefined,
        (error: unknown) => error,
      )
      expect(failure).toMatchObject({ kind: 'unreachable', retryable: true })
      await scene.settle([ada, carl], 'active', [bob])
      expect(scene.inside().sort()).toEqual(['ada@example.org', 'carl', 'eve@example.org'])
      expect(scene.fake.users()).toHaveLength(4)
      await scene.settle([ada, carl], 'closed')
      expect(scene.inside()).toEqual([])
      await scene.settle([ada, carl])
      expect(scene.inside().sort()).toEqual(['ada@example.org', 'carl', 'eve@example.org'])
    },
  )

  it('by another writer, it ends with one account for each', async () => {
    const both = await Promise.allSettled([scene.settle([ada, bob]), scene.settle([ada, bob])])
    expect(both.some(({ status }) => status === 'fulfilled')).toBe(true)
    await scene.settle([ada, bob])
    expect(scene.fake.users()).toHaveLength(2)
    expect(scene.inside()).toHaveLength(2)
  })
})

describe('many', () => {
  it('are read by pages, not one by one', async () => {
    const crowd = Array.from({ length: 1000 }, (_, index) => person(`p${index}@example.org`))
    for (const { email, userId } of crowd)
      scene.putIn(String(email), { attributes: { tenantryUserId: userId } })
    const before = scene.fake.calls().core_users_list
    const { changes } = await scene.plan(crowd)
    expect(changes).toEqual([])
    expect(scene.fake.calls().core_users_list - before).toBe(10)
  })

  it('are marked by one call', async () => {
    const crowd = Array.from({ length: 150 }, (_, index) => person(`p${index}@example.org`))
    for (const { email } of crowd.slice(0, 100)) scene.putIn(String(email))
    await scene.settle(crowd)
    const patches = () => scene.fake.calls().core_groups_partial_update
    const before = patches()
    await scene.settle(crowd, 'closed')
    expect([scene.inside(), patches() - before]).toEqual([[], 1])
    expect(JSON.stringify(scene.group().attributes.tenantryMarks).length).toBeLessThan(150 * 5)
    await scene.settle(crowd)
    expect([scene.inside().length, patches() - before]).toEqual([150, 2])
  })

  it('who are missing are looked for in the list of all where that is shorter', async () => {
    for (let index = 0; index < 300; index++)
      scene.fake.addUser({ username: `p${index}`, email: `p${index}@example.org` })
    const crowd = Array.from({ length: 300 }, (_, index) => person(`p${index}@example.org`))
    const before = scene.fake.calls().core_users_list
    expect((await scene.plan(crowd)).changes).toHaveLength(300)
    expect(scene.fake.calls().core_users_list - before).toBeLessThan(8)
    const one = scene.fake.calls().core_users_list
    expect((await scene.plan(crowd.slice(0, 1))).changes).toMatchObject([{ action: 'adopt' }])
    expect(scene.fake.calls().core_users_list - one).toBeLessThan(7)
  })
})

describe('the survey', () => {
  it('finds what the plan observed, and what drifted', async () => {
    await scene.settle([ada, bob])
    const { resources } = await scene.plan([ada, bob])
    const surveyed = async () => (await scene.memberStep.survey?.(null, signal))?.found
    expect(await surveyed()).toEqual(resources.map((each) => ({ ...each, tenantId: scene.tenant.id })))
    scene.putIn('eve@example.org')
    expect((await surveyed())?.[0]?.fingerprint).not.toBe(resources[0]?.fingerprint)
  })
})
