import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { drivePath, enter, makeAll, rootPath, shown, targetsOf } from './fake-target'
import type { RawDrive } from './fake-target'
import { roleIds } from './permissions'
import { describeSpace } from './stamp'

const signal = new AbortController().signal
// What these tests try out by hand is partly refused as it should be, and recorded.
const byHand = /^(CreateDrive|InviteSpaceRoot) request: /

describe.each(targetsOf(process.env))('Spaces: $name', (given) => {
  let target: Awaited<ReturnType<typeof enter>>

  beforeAll(async () => {
    target = await enter(given)
  })
  afterAll(async () => {
    const violations = await target.leave()
    expect(violations.filter((it) => !byHand.test(it))).toEqual([])
  })

  describe('the space of a tenant', () => {
    it('is made with name, quota and stamp, and then left alone', async () => {
      const tenant = target.newTenant()
      const { first, second, externalId } = await target.converge('space', tenant)
      expect(shown(first)).toEqual([
        {
          action: 'create',
          kind: 'space',
          name: tenant.name,
          fields: { quota: { from: null, to: 5_000_000_000 } },
        },
      ])
      expect(await target.drivesOf(tenant)).toMatchObject([
        {
          id: externalId,
          name: tenant.name,
          description: describeSpace(tenant.id),
          quota: { total: 5_000_000_000 },
        },
      ])
      expect(second.resources).toMatchObject([{ kind: 'space', name: tenant.name, externalId }])
    })

    it.each([
      ['/ Acme.example: "Größe"? <*>|\\', 'Acme example Größe'],
      [' . ', ''],
      ['é'.repeat(200), 'é'.repeat(127)],
    ])('is named %s as far as it can be', async (name, legal) => {
      const tenant = target.newTenant({ name })
      const { externalId } = await target.converge('space', tenant)
      expect((await target.readDrive(externalId)).name).toBe(legal || tenant.slug)
    })

    it('follows the tenant in name and quota', async () => {
      const tenant = target.newTenant()
      const { externalId } = await target.converge('space', tenant)
      const changed = { ...tenant, name: `${tenant.name} new`, storageBytes: 7_000_000_000 }
      const { first } = await target.converge('space', changed, externalId)
      expect(shown(first)).toEqual([
        {
          action: 'update',
          kind: 'space',
          name: tenant.name,
          fields: {
            name: { from: tenant.name, to: changed.name },
            quota: { from: 5_000_000_000, to: 7_000_000_000 },
          },
        },
      ])
      expect(await target.readDrive(externalId)).toMatchObject({
        name: changed.name,
        quota: { total: 7_000_000_000 },
      })
    })

    it('is what carries its stamp already, and its words are kept', async () => {
      const tenant = target.newTenant()
      const description = `Where we keep things. [tenantry:space:${tenant.id}]`
      const drive = await target.makeDrive({ name: 'Elsewhere', description, quota: { total: 1_000_000 } })
      const { first, externalId } = await target.converge('space', tenant)
      expect(shown(first)).toMatchObject([{ action: 'adopt', name: 'Elsewhere' }])
      expect(externalId).toBe(drive.id)
      expect(await target.drivesOf(tenant)).toMatchObject([{ id: drive.id, name: tenant.name, description }])
    })

    it('is never one of the same name without a stamp', async () => {
      const tenant = target.newTenant()
      const other = await target.makeDrive({ name: tenant.name, description: 'mine' })
      const { externalId } = await target.converge('space', tenant)
      expect(externalId).not.toBe(other.id)
      expect(await target.readDrive(other.id)).toMatchObject({ name: tenant.name, description: 'mine' })
    })

    it('is stamped again where people took the stamp away', async () => {
      const tenant = target.newTenant()
      const { externalId } = await target.converge('space', tenant)
      await target.call('PATCH', drivePath(externalId), { description: 'our files' })
      const { first } = await target.converge('space', tenant, externalId)
      expect(shown(first)).toMatchObject([
        { action: 'update', fields: { description: { from: 'our files' } } },
      ])
      expect(await target.drivesOf(tenant)).toMatchObject([{ id: externalId }])
    })

    it('is one for two writers at once', async () => {
      const tenant = target.newTenant()
      const plans = await Promise.all(
        [1, 2].map(() => target.planners().space.plan(tenant, { externalId: null }, signal)),
      )
      await Promise.allSettled(plans.map(({ changes }) => makeAll(changes)))
      await target.converge('space', tenant)
      expect((await target.drivesOf(tenant)).filter(({ root }) => !root.deleted)).toHaveLength(1)
    })

    it('is disabled while the tenant is closed, and comes back as it was', async () => {
      const tenant = target.newTenant()
      const { externalId } = await target.converge('space', tenant)
      const { first } = await target.converge('space', { ...tenant, state: 'closed' }, externalId)
      expect(shown(first)).toMatchObject([
        { action: 'update', fields: { state: { from: 'open', to: 'disabled' } } },
      ])
      expect((await target.readDrive(externalId)).root.deleted).toBeTruthy()

      const renamed = { ...tenant, name: `${tenant.name} back`, storageBytes: 6_000_000_000 }
      const back = await target.converge('space', renamed, externalId)
      expect(back.externalId).toBe(externalId)
      expect(back.first.changes).toHaveLength(2)
      expect(await target.readDrive(externalId)).toMatchObject({
        name: renamed.name,
        quota: { total: 6_000_000_000 },
      })
      expect((await target.readDrive(externalId)).root.deleted).toBeUndefined()
    })

    it.each(['active', 'closed'] as const)(
      'is gone for good when a tenant that was %s is purged',
      async (state) => {
        const tenant = target.newTenant()
        const { externalId } = await target.converge('space', tenant)
        await target.converge('space', { ...tenant, state }, externalId)
        const planner = target.planners().space
        const purged = { ...tenant, state: 'purged' as const }
        const plan = await planner.plan(purged, { externalId }, signal)
        expect(shown(plan)).toMatchObject([{ action: 'delete', kind: 'space' }])
        await makeAll(plan.changes)
        expect(await planner.plan(purged, { externalId }, signal)).toEqual({
          resources: [],
          changes: [],
          notes: [],
        })
        expect(await target.drivesOf(tenant)).toEqual([])
        expect((await target.call('GET', drivePath(externalId))).status).toBe(404)
      },
    )

    it('is seen by the survey as by the plan, open and disabled', async () => {
      const [one, other] = [target.newTenant(), target.newTenant()]
      const opened = await target.converge('space', one)
      await target.converge('space', other)
      const closed = await target.converge('space', { ...other, state: 'closed' })
      const { found = [], next } = (await target.planners().space.survey?.(null, signal)) ?? {}
      expect(next).toBeNull()
      const mine = [one, other].map(({ id }) => found.filter(({ tenantId }) => tenantId === id))
      expect(mine).toEqual([
        [{ ...opened.second.resources[0], tenantId: one.id }],
        [{ ...closed.second.resources[0], tenantId: other.id }],
      ])
    })
  })

  describe('how it is asked', () => {
    it.each(['', '/', '/graph', '/graph/'])('at its origin, followed by "%s"', async (ending) => {
      const { space } = target.planners({ apiUrl: new URL(target.url).origin + ending })
      expect((await space.plan(target.newTenant(), { externalId: null }, signal)).changes).toHaveLength(1)
    })

    it('with an app token', async () => {
      const { appToken } = target
      const { space } = target.planners({ auth: { appToken } })
      expect((await space.plan(target.newTenant(), { externalId: null }, signal)).changes).toHaveLength(1)
    })

    it('with credentials that it knows', async () => {
      const asked = target
        .planners({ auth: { appToken: 'nobody:not-a-token' } })
        .space.plan(target.newTenant(), { externalId: null }, signal)
      const error: unknown = await asked.catch((reason: unknown) => reason)
      expect(error).toMatchObject({ service: 'ocis', kind: 'unauthorized' })
      expect(String(error)).not.toContain('not-a-token')
    })
  })

  describe('its own ways, on which we rely', () => {
    it('takes a name twice', async () => {
      const name = `Twice ${crypto.randomUUID()}`
      const [one, other] = [await target.makeDrive({ name }), await target.makeDrive({ name })]
      expect(one.id).not.toBe(other.id)
    })

    it.each(['a/b', 'a.b', 'a:b', '', 'é'.repeat(128)])('refuses the name %s', async (name) => {
      expect(await target.call('POST', 'v1.0/drives', { name })).toMatchObject({
        status: 400,
        body: { error: { code: expect.any(String), message: expect.any(String) } },
      })
    })

    it('refuses a field that it does not know', async () => {
      const made = await target.call<RawDrive>('POST', 'v1.0/drives', {
        name: 'Unknown field',
        colour: 'red',
      })
      expect(made.status).toBe(400)
    })

    it('ignores a filter by a property that it does not know, and refuses another operator', async () => {
      const drive = await target.makeDrive({ name: `Filter ${crypto.randomUUID()}` })
      const { body } = await target.call<{ value: RawDrive[] }>(
        'GET',
        "v1.0/drives?$filter=name eq 'nothing'",
      )
      expect(body.value.map(({ id }) => id)).toContain(drive.id)
      expect((await target.call('GET', "v1.0/drives?$filter=driveType ne 'project'")).status).toBe(501)
    })

    it('lets in one account with one role at a time, and no role of files', async () => {
      const { id } = await target.makeDrive({ name: `Invite ${crypto.randomUUID()}` })
      const user = await target.makeUser(target.newMember().email)
      const recipient = { objectId: user, '@libre.graph.recipient.type': 'user' }
      const invite = (recipients: unknown[], roles: string[]) =>
        target.call('POST', `${rootPath(id)}/invite`, { recipients, roles })
      expect((await invite([recipient, recipient], [roleIds.Editor])).status).toBe(400)
      expect((await invite([recipient], [roleIds.Editor, roleIds.Viewer])).status).toBe(400)
      expect((await invite([recipient], ['fb6c3e19-e378-47e5-b277-9732f9de6e21'])).status).toBe(400)
      expect((await invite([recipient], [roleIds.Editor])).status).toBe(200)
      // Older servers give the new role in place of a refusal.
      expect([200, 409]).toContain((await invite([recipient], [roleIds.Viewer])).status)
    })

    it('purges a space only once it is disabled, which it shows', async () => {
      const { id } = await target.makeDrive({ name: `Purge ${crypto.randomUUID()}` })
      expect((await target.call('DELETE', drivePath(id), undefined, { Purge: 'T' })).status).toBe(400)
      expect((await target.call('DELETE', drivePath(id))).status).toBe(204)
      expect((await target.readDrive(id)).root.deleted).toBeTruthy()
      expect((await target.allDrives()).find((drive) => drive.id === id)?.root.deleted).toBeTruthy()
      expect((await target.call('GET', `${rootPath(id)}/permissions`)).status).toBe(404)
      expect((await target.call('DELETE', drivePath(id), undefined, { Purge: 'T' })).status).toBe(204)
      expect((await target.call('GET', drivePath(id))).status).toBe(404)
    })
  })
})
