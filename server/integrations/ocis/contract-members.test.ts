import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import type { DesiredMember } from './desired'
import { enter, makeAll, shown, targetsOf } from './fake-target'
import { roleIds } from './permissions'

const signal = new AbortController().signal

describe.each(targetsOf(process.env))('Members: $name', (given) => {
  let target: Awaited<ReturnType<typeof enter>>
  let myId: string

  beforeAll(async () => {
    target = await enter(given)
    myId = (await target.call<{ id: string }>('GET', 'v1.0/me')).body.id
  })
  afterAll(async () => {
    expect(await target.leave()).toEqual([])
  })

  describe('the members of a tenant', () => {
    async function withSpace(members: DesiredMember[]) {
      const tenant = target.newTenant({ members })
      const { externalId } = await target.converge('space', tenant)
      return { tenant, spaceId: externalId }
    }

    /** Role ids by user, ourselves left out. */
    async function rolesIn(spaceId: string) {
      const entries = (await target.permissionsOf(spaceId)).flatMap(({ grantedToV2, roles }) =>
        grantedToV2?.user && grantedToV2.user.id !== myId ? [[grantedToV2.user.id, roles?.[0]]] : [],
      )
      return Object.fromEntries(entries) as Record<string, string>
    }

    it('manage it or work in it, by their role', async () => {
      const members = [target.newMember('owner'), target.newMember('admin'), target.newMember('member')]
      const ids: string[] = []
      for (const { email } of members) ids.push(await target.makeUser(email))
      const { tenant, spaceId } = await withSpace(members)
      const { first, externalId } = await target.converge('members', tenant)
      expect(shown(first)).toEqual(
        members.map(({ email, role }) => ({
          action: 'create',
          kind: 'member',
          name: email,
          fields: { role: { from: null, to: role === 'member' ? 'Editor' : 'Manager' } },
        })),
      )
      expect(externalId).toBe(spaceId)
      expect(await rolesIn(spaceId)).toEqual({
        [ids[0] as string]: roleIds.Manager,
        [ids[1] as string]: roleIds.Manager,
        [ids[2] as string]: roleIds.Editor,
      })
    })

    it('change their role, and leave, while the service account stays', async () => {
      const [rises, leaves] = [target.newMember(), target.newMember('admin')]
      const rising = await target.makeUser(rises.email)
      const leaving = await target.makeUser(leaves.email)
      const { tenant, spaceId } = await withSpace([rises, leaves])
      await target.converge('members', tenant)
      const changed = { ...tenant, members: [{ ...rises, role: 'owner' as const }] }
      const { first } = await target.converge('members', changed, spaceId)
      expect(shown(first)).toEqual([
        {
          action: 'update',
          kind: 'member',
          name: expect.any(String),
          fields: { role: { from: 'Manager', to: null } },
        },
        {
          action: 'update',
          kind: 'member',
          name: rises.email,
          fields: { role: { from: 'Editor', to: 'Manager' } },
        },
      ])
      const roles = await rolesIn(spaceId)
      expect(roles).toEqual({ [rising]: roleIds.Manager })
      expect(roles).not.toHaveProperty(leaving)
      expect((await target.permissionsOf(spaceId)).some((it) => it.grantedToV2?.user?.id === myId)).toBe(true)
    })

    it('come in once they have an account', async () => {
      const late = target.newMember()
      const { tenant, spaceId } = await withSpace([late])
      const { second } = await target.converge('members', tenant)
      expect(second.notes).toEqual([expect.stringMatching(`^No account there yet.*: ${late.email}.$`)])
      const id = await target.makeUser(late.email)
      await target.converge('members', tenant, spaceId)
      expect(await rolesIn(spaceId)).toEqual({ [id]: roleIds.Editor })
    })

    it('get an account where that is asked for', async () => {
      const fresh = target.newMember()
      const { tenant, spaceId } = await withSpace([fresh])
      const { members } = target.planners({ createUsers: true })
      const plan = await members.plan(tenant, { externalId: null }, signal)
      expect(shown(plan)).toMatchObject([
        { action: 'create', kind: 'account', name: fresh.email },
        { action: 'create', kind: 'member', name: fresh.email },
      ])
      await makeAll(plan.changes)
      target.forget(...Object.keys(await rolesIn(spaceId)))
      expect(Object.values(await rolesIn(spaceId))).toEqual([roleIds.Editor])
      expect((await members.plan(tenant, { externalId: spaceId }, signal)).changes).toEqual([])
    })

    it('are told from the list of all where they are many', async () => {
      const many = Array.from({ length: 10 }, () => target.newMember())
      for (const { email } of many) await target.makeUser(email)
      const { tenant, spaceId } = await withSpace(many)
      await target.converge('members', tenant)
      expect(Object.keys(await rolesIn(spaceId))).toHaveLength(10)
    })

    it('are kept while the tenant is closed', async () => {
      const member = target.newMember()
      const id = await target.makeUser(member.email)
      const { tenant, spaceId } = await withSpace([member])
      await target.converge('members', tenant)
      const closed = { ...tenant, state: 'closed' as const, members: [] }
      await target.converge('space', closed, spaceId)
      const { first } = await target.converge('members', closed, spaceId)
      expect(first.changes).toEqual([])
      await target.converge('space', tenant, spaceId)
      expect(await rolesIn(spaceId)).toEqual({ [id]: roleIds.Editor })
    })
  })
})
