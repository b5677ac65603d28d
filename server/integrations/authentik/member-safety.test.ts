import { describe, expect, it } from 'vitest'
import { newId } from '#server/lib/ids'
import type { DesiredMember } from '#server/provisioning/step-planner.port'
import { person, useMemberScene } from '../../../tests/harness/authentik-members'
import { carryOut, desiredOf } from '../../../tests/harness/provisioning'
import { createAuthentik } from './client'

const signal = new AbortController().signal
const scene = useMemberScene()
const ada = person('ada@example.org')
const bob = person('bob@example.org')

/** Stops everything in this process, as being stopped itself would. */
function standStill(milliseconds: number): void {
  Atomics.wait(new Int32Array(new SharedArrayBuffer(4)), 0, 0, milliseconds)
}

describe('side by side', () => {
  it('two tenants of one person neither lose nor keep them by the other', async () => {
    scene.fake.addUser({ username: 'ada', email: 'ada@example.org' })
    const other = desiredOf({ id: newId(), slug: 'other', members: [ada] })
    await carryOut(scene.groupStep, other, signal)
    // Both have read before the first one writes.
    const plans = [await scene.plan([ada]), await scene.memberStep.plan(other, { externalId: null }, signal)]
    for (const { changes } of plans) for (const change of changes) await change.apply(signal)
    const groupsOfAda = () =>
      scene.fake.groups().flatMap(({ name, users }) => (users.length > 0 ? [name] : []))
    expect(groupsOfAda()).toEqual(['acme', 'other'])
    await scene.settle([], 'active', [ada])
    expect(groupsOfAda()).toEqual(['other'])
    await carryOut(scene.memberStep, { ...other, members: [], former: [ada] }, signal)
    expect(groupsOfAda()).toEqual([])
  })

  it('a worker that comes late loses no mark of its successor', async () => {
    await scene.settle([ada, bob])
    const late = await scene.plan([ada], 'active', [bob])
    await scene.settle([bob], 'active', [ada])
    for (const change of late.changes) await change.apply(signal)
    expect(scene.inside()).toEqual([])
    expect(scene.group().attributes.tenantryMarks).toEqual({
      out: [scene.byName('ada@example.org')?.pk, scene.byName('bob@example.org')?.pk],
      held: [],
    })
    await scene.settle([ada, bob])
    expect(scene.inside().sort()).toEqual(['ada@example.org', 'bob@example.org'])
  })

  it('both steps of a tenant keep what the other one wrote', async () => {
    await scene.settle([ada, bob])
    const { pk, attributes } = scene.group()
    await scene.setAttributes(pk, { ...attributes, slug: 'elsewhere', note: 'kept' })
    const slugs = await scene.groupStep.plan(scene.as([ada]), { externalId: pk }, signal)
    const members = await scene.plan([ada], 'active', [bob])
    for (const { changes } of [members, slugs]) for (const change of changes) await change.apply(signal)
    expect(scene.group().attributes).toEqual({
      ...{ tenantId: scene.tenant.id, slug: 'acme', note: 'kept' },
      tenantryMarks: { out: [scene.byName('bob@example.org')?.pk], held: [] },
    })
  })

  it('a process that stood still between two calls lets nobody in after that', async () => {
    scene.fake.addUser({ username: 'ada', email: 'ada@example.org' })
    const lease = new AbortController()
    const asked: string[] = []
    const fetch: typeof globalThis.fetch = async (input, init) => {
      asked.push(String(init?.method))
      const response = await globalThis.fetch(input, init)
      if (init?.method !== 'PATCH') return response
      const bytes = new Uint8Array(await response.arrayBuffer())
      const pull = (stream: ReadableStreamDefaultController) => {
        stream.enqueue(bytes)
        setTimeout(() => lease.abort(new Error('The lease was lost')), 1)
        standStill(20)
        stream.close()
      }
      return new Response(new ReadableStream({ pull }, { highWaterMark: 0 }), response)
    }
    const { planners } = createAuthentik({ apiUrl: scene.fake.url, token: scene.fake.token, fetch })
    const planner = planners.find(({ step }) => step === 'members')
    const planned = await planner?.plan(scene.as([ada]), { externalId: null }, signal)
    await expect(planned?.changes[0]?.apply(lease.signal)).rejects.toThrow('The lease was lost')
    expect(asked.at(-1)).toBe('PATCH')
    expect(scene.inside()).toEqual([])
  })

  it('an account that became somebody else meanwhile is left alone, and others’ changes are kept', async () => {
    for (const name of ['ada', 'bob'])
      scene.fake.addUser({ username: name, email: `${name}@example.org`, attributes: { note: 'kept' } })
    const [adaLate, bobLate] = (await scene.plan([ada, bob])).changes
    const stamp = { tenantryUserId: newId() }
    await scene.setUser('ada', { attributes: stamp })
    await scene.setUser('bob', { attributes: { note: 'changed' } })
    await expect(adaLate?.apply(signal)).rejects.toMatchObject({ retryable: true })
    await bobLate?.apply(signal)
    expect(scene.byName('ada')?.attributes).toEqual(stamp)
    expect(scene.byName('bob')?.attributes).toEqual({ note: 'changed', tenantryUserId: bob.userId })
    expect(scene.inside()).toEqual(['bob'])
  })

  it('a group that was handed to another tenant meanwhile is not written', async () => {
    await scene.settle([ada, bob])
    const late = await scene.plan([ada], 'active', [bob])
    await scene.setAttributes(scene.group().pk, { tenantId: newId() })
    await expect(late.changes[0]?.apply(signal)).rejects.toMatchObject({ kind: 'conflict' })
  })
})

describe('somebody who left', () => {
  it('is taken out though nothing at Authentik says that they were a member', async () => {
    scene.putIn('bob@example.org')
    const { changes, notes } = await scene.settle([ada], 'active', [bob]).then(() => scene.plan([ada]))
    expect([changes, notes]).toEqual([[], []])
    expect(scene.inside()).toEqual(['ada@example.org'])
  })

  it('is taken out by every account that carries their stamp, whatever its address', async () => {
    const attributes = { tenantryUserId: bob.userId }
    scene.putIn('bob@example.org')
    scene.putIn('b@other.example', { attributes })
    scene.putIn('robot', { email: 'robot@example.org', attributes, type: 'service_account' })
    await scene.settle([], 'active', [{ ...bob, email: null }])
    expect(scene.inside()).toEqual(['bob@example.org'])
    await scene.settle([], 'active', [bob])
    expect(scene.inside()).toEqual([])
  })

  it('is taken out by their address, though the account carries the stamp of somebody before them', async () => {
    scene.putIn('bob@example.org', { attributes: { tenantryUserId: newId() } })
    await scene.settle([ada], 'active', [bob])
    expect(scene.inside()).toEqual(['ada@example.org'])
  })

  it('does not take a member along who has their address', async () => {
    scene.putIn('ada', { email: 'bob@example.org', attributes: { tenantryUserId: ada.userId } })
    await scene.settle([ada], 'active', [bob])
    expect(scene.inside()).toEqual(['ada'])
    const { accessOf } = await scene.plan([ada], 'active', [bob])
    expect(accessOf?.(bob.userId)).toMatchObject({ hasAccess: false })
  })

  it('is taken out whatever goes wrong with others', async () => {
    await scene.settle([bob])
    const body = { email: ['Enter a valid email address.'] }
    scene.fake.faults.add({ operation: 'core_users_create', kind: 'answer', status: 400, body })
    await expect(scene.settle([ada], 'active', [bob])).rejects.toMatchObject({ kind: 'rejected' })
    expect(scene.inside()).toEqual([])
  })

  it('is taken out again where the group has them once more, and let in by the portal', async () => {
    await scene.settle([bob])
    await scene.settle([], 'active', [bob])
    await scene.putBackByHand('bob@example.org')
    const { changes } = await scene.settle([])
    expect(changes).toMatchObject([
      { name: 'bob@example.org', reason: expect.stringContaining('added in the portal') },
    ])
    expect(scene.inside()).toEqual([])
    await scene.putBackByHand('bob@example.org')
    await scene.settle([bob])
    expect(scene.inside()).toEqual(['bob@example.org'])
    expect(scene.group().attributes).not.toHaveProperty('tenantryMarks')
  })

  it('does not come back with the tenant where they were removed while it was closed', async () => {
    scene.putIn('eve@example.org')
    const eve = person('eve@example.org')
    await scene.settle([], 'closed')
    await scene.settle([eve], 'closed')
    await scene.settle([], 'closed', [eve])
    await scene.settle([])
    expect(scene.inside()).toEqual([])
  })

  it.each(['closed', 'active'] as const)('is read of in a tenant that is %s', async (state) => {
    await scene.settle([ada, bob])
    const { accessOf } = await scene.plan([ada], state, [bob])
    expect(accessOf?.(bob.userId)).toEqual({ hasAccess: true, found: '{name} is still in the group acme.' })
    expect(accessOf?.(ada.userId)).toMatchObject({ hasAccess: true })
    await scene.settle([ada], state, [bob])
    const after = await scene.plan([ada], state, [bob])
    const count = state === 'active' ? '1 person is' : 'no people are'
    expect(after.accessOf?.(bob.userId)).toEqual({
      hasAccess: false,
      found: `{name} is not in the group acme; ${count}.`,
    })
    const erased = { ...bob, email: null }
    expect((await scene.plan([ada], state, [erased])).accessOf?.(bob.userId).found).toBe(
      `Nobody in the group acme is known to be {name}; ${count}.`,
    )
  })
})

describe('who says that they are somebody', () => {
  it('by the stamp of another is nobody, and nobody is let in for them', async () => {
    const attributes = { tenantryUserId: ada.userId }
    scene.fake.addUser({ username: 'ada', attributes })
    scene.fake.addUser({ username: 'mallory', attributes })
    const { changes, notes } = await scene.plan([ada])
    expect(changes).toEqual([])
    expect(notes.join()).toContain('ada and mallory have the same attribute tenantryUserId')
  })

  it('by the address of a member whom we know otherwise is not that one', async () => {
    scene.fake.addUser({
      username: 'ada',
      email: 'ada@old.example',
      attributes: { tenantryUserId: ada.userId },
    })
    scene.putIn('mallory', { email: 'ada@example.org' })
    const { notes } = await scene.settle([ada]).then(() => scene.plan([ada]))
    expect(scene.inside().sort()).toEqual(['ada', 'mallory'])
    expect(scene.byName('mallory')?.attributes).toEqual({})
    expect(notes.join()).toContain('In the group by hand, and members once they log in: ada@example.org')
  })

  it('as a service account is nobody, stamped or not', async () => {
    const attributes = { tenantryUserId: ada.userId }
    scene.fake.addUser({ username: 'robot', email: 'ada@example.org', type: 'service_account', attributes })
    await scene.settle([ada])
    expect(scene.inside()).toEqual(['ada@example.org'])
    expect(scene.byName('robot')?.attributes).toEqual(attributes)
  })
})

describe('attributes that can not be written back', () => {
  const unsafe = { discord: { id: 2 ** 60 } }

  it('of the group do not keep anybody in', async () => {
    await scene.settle([ada, bob])
    await scene.setAttributes(scene.group().pk, { ...scene.group().attributes, ...unsafe })
    await scene.settle([ada], 'active', [bob])
    expect(scene.inside()).toEqual(['ada@example.org'])
    expect((await scene.plan([ada])).notes.join()).toContain('does not come back with the tenant')
    await scene.settle([ada], 'closed')
    expect(scene.inside()).toEqual([])
    await scene.settle([ada])
    expect(scene.inside()).toEqual(['ada@example.org'])
    expect(scene.group().attributes).toMatchObject(unsafe)
  })

  it('of a user keep them as they are', async () => {
    scene.fake.addUser({ username: 'ada', email: 'ada@example.org', attributes: unsafe })
    const { changes, notes } = await scene.plan([ada])
    expect(changes).toEqual([])
    expect(notes.join()).toContain('too large to be written back')
  })
})

describe('the first password', () => {
  const link = ({ userId, email }: DesiredMember) =>
    createAuthentik({ apiUrl: scene.fake.url, token: scene.fake.token }).firstPasswordLink(
      { userId, email: String(email) },
      signal,
    )

  it('can be chosen by a link, for an account that we made and nobody used', async () => {
    await scene.settle([ada])
    expect(await link(ada)).toBeNull()
    scene.fake.setRecoveryFlow(true)
    expect(await link(ada)).toMatch(/^https:\/\/id\.example\.org\/recovery\//)
    expect(await link(bob)).toBeNull()
  })

  it.each([
    ['has another address', { email: 'root@example.org' }],
    ['is a superuser', { groups: ['admins'] }],
    ['was used', { last_login: '2026-01-01T00:00:00Z' }],
    ['is switched off', { is_active: false }],
    ['is one of two', {}],
  ])('is nobody’s to choose of an account with our marks that %s', async (what, more) => {
    scene.fake.setRecoveryFlow(true)
    const root = scene.fake.addGroup({ name: 'root', is_superuser: true })
    const admins = scene.fake.addGroup({ name: 'admins', parents: [root.pk] })
    const attributes = { tenantryUserId: ada.userId, tenantryMade: true }
    const groups = 'groups' in more ? [admins.pk] : []
    scene.fake.addUser({ username: 'a', email: 'ada@example.org', attributes, ...more, groups })
    if (what === 'is one of two') scene.fake.addUser({ username: 'b', email: 'ada@example.org', attributes })
    expect(await link(ada)).toBeNull()
    expect(scene.fake.calls().core_users_recovery_create).toBe(0)
  })

  it('is nobody’s to choose of an account that was there before', async () => {
    scene.fake.setRecoveryFlow(true)
    scene.fake.addUser({ username: 'al', email: 'ada@example.org' })
    await scene.settle([ada])
    expect(await link(ada)).toBeNull()
    expect(scene.fake.calls().core_users_recovery_create).toBe(0)
  })
})
