import { CoreApi } from '@goauthentik/api/dist/apis/CoreApi.js'
import { Configuration } from '@goauthentik/api/dist/runtime.js'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { newId } from '#server/lib/ids'
import type { DesiredTenant, StepPlanner, Surveyed } from '#server/provisioning/step-planner.port'
import { person } from '../../../tests/harness/authentik-members'
import { carryOut, desiredOf } from '../../../tests/harness/provisioning'
import { createAuthentik } from './client'
import { startAuthentikFake } from './fake'

/** Something that says it is Authentik. */
interface Target {
  name: string
  open(): Promise<{ url: string; token: string; close(): Promise<void> }>
}

const targets: Target[] = [
  {
    name: 'the fake',
    async open() {
      const fake = await startAuthentikFake()
      return {
        ...{ url: fake.url, token: fake.token },
        async close() {
          await fake.stop()
          expect(fake.violations()).toEqual([])
        },
      }
    },
  },
]

// A real server's token needs to be an administrator's. What these tests make there, they remove.
const { AUTHENTIK_TEST_URL: realUrl, AUTHENTIK_TEST_TOKEN: realToken } = process.env
if (realUrl && realToken)
  targets.push({
    name: 'a real server',
    open: async () => ({ url: realUrl, token: realToken, close: async () => {} }),
  })

describe.each(targets)('Authentik’s users: $name', ({ name: targetName, open }) => {
  const signal = new AbortController().signal
  const slugs: string[] = []
  let target: Awaited<ReturnType<Target['open']>>
  let api: CoreApi
  let group: StepPlanner
  let members: StepPlanner

  beforeAll(async () => {
    target = await open()
    const origin = new URL(target.url).origin
    api = new CoreApi(new Configuration({ basePath: `${origin}/api/v3`, accessToken: target.token }))
    const { planners } = createAuthentik({ apiUrl: target.url, token: target.token })
    group = planners.find(({ step }) => step === 'group') as StepPlanner
    members = planners.find(({ step }) => step === 'members') as StepPlanner
  })

  afterAll(async () => {
    if (targetName !== 'the fake') for (const slug of slugs) await removeAll(slug)
    await target.close()
  })

  async function removeAll(slug: string): Promise<void> {
    for (const { pk } of (await api.coreUsersList({ search: slug })).results)
      await api.coreUsersDestroy({ id: pk })
    for (const { pk } of (await api.coreGroupsList({ name: slug })).results)
      await api.coreGroupsDestroy({ groupUuid: pk })
  }

  /** What everything of one test is named by; people have addresses below it. */
  function newSlug(): string {
    const slug = `test-${newId().replaceAll('-', '').slice(-20)}`
    slugs.push(slug)
    return slug
  }
  const addressOf = (who: string, slug: string) => `${who}@${slug}.example.org`
  const createUser = (username: string, more: { attributes?: object; groups?: string[] } = {}) =>
    api.coreUsersCreate({ userRequest: { username, email: username, name: 'Test', ...more } as never })
  const createGroup = (name: string) => api.coreGroupsCreate({ groupRequest: { name } })
  const insideOf = async (pk: string) =>
    (await api.coreUsersList({ groupsByPk: [pk] })).results.map(({ username }) => username).sort()
  const statusOf = (asked: Promise<unknown>) =>
    asked.then(
      () => expect.fail('it was not refused'),
      (error: { response: Response }) => error.response.status,
    )

  async function scene() {
    const slug = newSlug()
    const tenant = desiredOf({ id: newId(), slug })
    const { externalId = '' } = await carryOut(group, tenant, signal)
    const settle = (desired: Partial<DesiredTenant>) => carryOut(members, { ...tenant, ...desired }, signal)
    return { slug, tenant, pk: externalId, settle }
  }

  describe('a tenant’s members', () => {
    it('are let in, taken out and let in again, with the account that they have', async () => {
      const { slug, pk, settle } = await scene()
      const ada = person(addressOf('ada', slug))
      const bob = person(addressOf('bob', slug))
      await createUser(String(ada.email), { attributes: { note: 'kept' } })
      await settle({ members: [ada, bob] })
      expect(await insideOf(pk)).toEqual([ada.email, bob.email])
      await settle({ members: [ada], former: [bob] })
      expect(await insideOf(pk)).toEqual([ada.email])
      await settle({ members: [ada, bob] })
      expect(await insideOf(pk)).toEqual([ada.email, bob.email])
      const { results } = await api.coreUsersList({ search: `@${slug}.` })
      expect(results).toHaveLength(2)
      expect(results.find(({ email }) => email === ada.email)?.attributes).toMatchObject({ note: 'kept' })
    })

    it('leave with a tenant that is closed, and come back with it, with whom somebody put there', async () => {
      const { slug, pk, settle } = await scene()
      const ada = person(addressOf('ada', slug))
      await settle({ members: [ada] })
      await createUser(addressOf('eve', slug), { groups: [pk] })
      const before = await insideOf(pk)
      await settle({ members: [ada], state: 'closed' })
      expect([before.length, await insideOf(pk)]).toEqual([2, []])
      await settle({ members: [ada] })
      expect(await insideOf(pk)).toEqual(before)
      expect((await api.coreGroupsRetrieve({ groupUuid: pk })).attributes).not.toHaveProperty('tenantryMarks')
    })

    it('show in the survey as in the plan', async () => {
      const { slug, tenant, settle } = await scene()
      await settle({ members: [person(addressOf('ada', slug))] })
      const { resources } = await members.plan(tenant, { externalId: null }, signal)
      const found: Surveyed[] = []
      let cursor: string | null = null
      do {
        const page: Awaited<ReturnType<NonNullable<StepPlanner['survey']>>> | undefined =
          await members.survey?.(cursor, signal)
        found.push(...(page?.found ?? []))
        cursor = page?.next ?? null
      } while (cursor !== null)
      expect(found.filter(({ name }) => name === slug)).toEqual([{ ...resources[0], tenantId: tenant.id }])
    })
  })

  describe('its own ways, on which we rely', () => {
    it('tells who is in a group by their pk, profiles or not', async () => {
      const { pk, name } = await createGroup(newSlug())
      const user = await createUser(addressOf('ada', name), { groups: [pk] })
      const listed = await api.coreGroupsList({ name, includeUsers: false })
      expect(listed.results).toMatchObject([{ users: [user.pk] }])
      expect(await api.coreGroupsRetrieve({ groupUuid: pk, includeUsers: false })).toMatchObject({
        users: [user.pk],
      })
    })

    it('puts people in and takes them out as often as it is asked', async () => {
      const { pk: groupUuid, name } = await createGroup(newSlug())
      const { pk } = await createUser(addressOf('ada', name))
      const request = { groupUuid, userAccountRequest: { pk } }
      for (let time = 0; time < 2; time++) await api.coreGroupsAddUserCreate(request)
      expect(await insideOf(groupUuid)).toEqual([addressOf('ada', name)])
      for (let time = 0; time < 2; time++) await api.coreGroupsRemoveUserCreate(request)
      expect(await insideOf(groupUuid)).toEqual([])
      const nobody = { groupUuid, userAccountRequest: { pk: 2 ** 31 - 1 } }
      expect(await statusOf(api.coreGroupsAddUserCreate(nobody))).toBe(404)
    })

    it('finds users by an attribute, and by part of an address whatever its case', async () => {
      const slug = newSlug()
      const userId = newId()
      const attributes = { tenantryUserId: userId, more: 1 }
      const { pk } = await createUser(addressOf('ada', slug), { attributes })
      await createUser(addressOf('bob', slug), { attributes: { tenantryUserId: newId() } })
      const byAttribute = { attributes: JSON.stringify({ tenantryUserId: userId }) }
      expect((await api.coreUsersList(byAttribute)).results).toMatchObject([{ pk }])
      const search = addressOf('ADA', slug).toUpperCase()
      expect((await api.coreUsersList({ search })).results).toMatchObject([{ pk }])
      expect(await statusOf(api.coreUsersList({ attributes: 'none' }))).toBe(400)
    })

    it('replaces a user’s attributes as a whole, and refuses a username that is taken', async () => {
      const slug = newSlug()
      const { pk, username } = await createUser(addressOf('ada', slug), { attributes: { one: 1, two: 2 } })
      const patchedUserRequest = { attributes: { three: 3 } }
      await api.coreUsersPartialUpdate({ id: pk, patchedUserRequest })
      expect((await api.coreUsersRetrieve({ id: pk })).attributes).toEqual({ three: 3 })
      expect(await statusOf(createUser(username))).toBe(400)
      expect(await statusOf(api.coreUsersRetrieve({ id: 2 ** 31 - 1 }))).toBe(404)
    })

    it('counts whoever is below a group of superusers among them', async () => {
      const above = await api.coreGroupsCreate({ groupRequest: { name: newSlug(), isSuperuser: true } })
      const below = await api.coreGroupsCreate({ groupRequest: { name: newSlug(), parents: [above.pk] } })
      const { pk } = await createUser(addressOf('ada', below.name), { groups: [below.pk] })
      expect(await api.coreUsersRetrieve({ id: pk })).toMatchObject({ isSuperuser: true })
    })
  })
})
